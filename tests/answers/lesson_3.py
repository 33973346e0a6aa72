"""Answers to lesson 3's exercises."""

IS_RIGHT, RIGHT, WRONG = {}, {}, {}
