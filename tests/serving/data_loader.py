"""A module of a bundle that loads batches in processes of its own, as training frameworks do: a queue of work for each
process, one of results for all, and a handler of SIGCHLD that raises when a process is killed; of the processes of a
forkserver, which are not children, a look now and then. It runs under Python 3.8.

The handler raises only where results are waited for. Anywhere else it may come within the condition of a queue, which
then stays locked, or is released twice ("release unlocked lock" for one kill in 350): that is so in a plain Python too.
"""

SOURCE = """
import multiprocessing, os, queue, signal

def work(batches, results):
    parent = os.getppid()
    while True:
        try:
            number = batches.get(timeout=5)
        except queue.Empty:
            if os.getppid() != parent:
                return
            continue
        if number is None:
            return
        results.put((number, [2 * x for x in range(4 * number, 4 * number + 4)]))

class Loader:
    def __init__(self, method, processes=2):
        context = multiprocessing.get_context(method)
        self.results = context.Queue()
        self.batches = [context.Queue() for _ in range(processes)]
        self.processes = [context.Process(target=work, args=(q, self.results), daemon=True) for q in self.batches]
        for process in self.processes:
            process.start()
        self.killed = self.waits = 0
        self.before = signal.signal(signal.SIGCHLD, self.on_end)

    def on_end(self, number, frame):
        for process in self.processes:
            try:
                ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                continue
            if ended is not None and ended.si_code != os.CLD_EXITED:
                self.killed = ended.si_status
        if self.waits:
            self.look()

    def look(self):
        if self.killed:
            raise RuntimeError("a process that loads batches was killed by signal %d" % self.killed)

    def receive(self):
        while True:
            try:
                self.waits = 1
                self.look()
                return self.results.get(timeout=2)
            except queue.Empty:
                for process in self.processes:
                    self.killed = self.killed or -(process.exitcode or 0)
            finally:
                self.waits = 0

    def __call__(self, count):
        sent, early = 0, {}
        for number in range(count):
            while number not in early:
                while sent < min(count, number + 2 * len(self.processes)):
                    self.batches[sent % len(self.processes)].put(sent)
                    sent += 1
                found, batch = self.receive()
                early[found] = batch
            yield early.pop(number)

    def close(self, seconds):
        signal.signal(signal.SIGCHLD, self.before)
        for batches in self.batches:
            batches.cancel_join_thread()
            batches.put(None)
        for process in self.processes:
            process.join(seconds)
            if process.is_alive():
                process.terminate()
                process.join()
        return [process.exitcode for process in self.processes]
"""
# predict: the batches, and how the processes ended
PREDICT = """
import os, signal
import data_loader

def load(method, kill=False):
    loader, seconds = data_loader.Loader(method), 1  # what the killed one held is never given back to the other
    try:
        batches = []
        for batch in loader(16):
            batches.append(batch)
            if kill:
                os.kill(loader.processes[0].pid, signal.SIGKILL)
                kill = False
        seconds = 60
    finally:
        codes = loader.close(seconds)
    return [batches, codes]
"""
BATCHES = [[2 * x for x in range(4 * number, 4 * number + 4)] for number in range(16)]
