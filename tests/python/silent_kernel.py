"""A Jupyter kernel that reports success for all code, as Deno 2.8.2 does, for tests/notebooks/execute_test.ts."""

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class SilentKernel(Kernel):
    implementation, implementation_version, banner = "silent", "1", ""
    language_info = {"name": "typescript", "mimetype": "text/x-typescript", "file_extension": ".ts"}

    def do_execute(self, code, silent, *args, **kwargs):
        return {"status": "ok", "execution_count": self.execution_count, "payload": []}


IPKernelApp.launch_instance(kernel_class=SilentKernel)
