"""Verify: does a deployed stack keep what a read model promises?

`contract` says what is promised, `probe` chooses where to look, `keeping` writes a probe document
and takes it away again, `session` asks over real HTTP what came of it, and the modules `judge_*`
say, purely, which promises that keeps. What an endpoint cannot show is said so, never passed.
"""
