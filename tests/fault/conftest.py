from conftest_server import *  # noqa: F401,F403
