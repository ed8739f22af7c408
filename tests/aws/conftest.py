from conftest_server import *  # noqa: F401,F403
from conftest_server import BINARY, ROOT, Server, wait_until  # noqa: F401
