"""FiLo compatibility: the released predecessor's inference, its peculiarities included (design note 5).

Nothing of FiLo++ is computed here. It lets a user run the published FiLo checkpoint, and it is held against numbers
recorded from the released code.
"""
