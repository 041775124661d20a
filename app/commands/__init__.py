"""What `python -m app COMMAND` does: each module has `run(given) -> int`, the exit code. 命令"""
