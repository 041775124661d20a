"""The whole product as real processes, killed at random while people use it. 随机击杀

`bed` starts the processes as `python -m app dev` does, `killer` ends them outright and brings them
back, `crowd` are the people with their patient clients, `settling` heals, waits and compares.
"""
