"""The journeys: each plays one story from its beginning to its end, and checks every step. 流程"""
