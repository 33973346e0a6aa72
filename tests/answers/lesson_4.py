"""Answers to lesson 4's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
