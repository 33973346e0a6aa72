"""Answers to lesson 1's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
