"""Exercises that check themselves, and predictions to be made before an explorer is moved.

Read `exercise` first: what a lesson's cells call. `answers`, `running` and `time_limit` meet what
learners hand over, `progress` keeps what they have solved, and `course_map` shows it. The tasks
themselves are in `lesson_0` to `lesson_6`: each has an `Exercise` for every task of its notebook,
with its hints, a solution and a checker. Their words stand beside the code that they judge, as in
the notebooks.
"""
