"""Answers to the exercises, right and wrong ones, for test_exercises.py; a file for each lesson.

RIGHT: {exercise's name: sources that must be accepted, written in other ways than the solution}.
WRONG: {exercise's name: (source, words that the verdict must contain)}.
IS_RIGHT: {exercise's name: a function of the answers, independent of the checker and stricter}.
A source takes the place of the exercise's start.
"""
