"""What a review may change, one file each: which changes are in question, and what each would have done.

Each file has ``ORDER`` and ``in_question(ws, windows)``, which returns a
:class:`~airmedic_core.review.option.InQuestion` for each setting that history puts in question.
"""
