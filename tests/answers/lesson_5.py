"""Answers to lesson 5's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
