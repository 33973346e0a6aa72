"""Answers to lesson 0's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
