"""Answers to lesson 6's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
