// Without the interpreter lock: while one of these lives, other Python threads run.
//
// Promises that a daemon thread may compute while the interpreter ends. Before Python 3.14 whoever then asks for the
// lock is ended by pthread_exit, which unwinds the stack with C++ frames in it that cannot be unwound: the process
// would abort. Such a thread stays where it is instead, as in Python 3.14, until the process has gone.
#pragma once

#include <pybind11/pybind11.h>
#include <unistd.h>

namespace paragon::python {

class Released {
 public:
  Released() : thread_(PyEval_SaveThread()) {}
  ~Released() {
    try {
      PyEval_RestoreThread(thread_);
    } catch (...) {  // the unwinding of pthread_exit; nothing else comes out of there
      for (;;) pause();
    }
  }
  Released(const Released&) = delete;
  Released& operator=(const Released&) = delete;

 private:
  PyThreadState* thread_;
};

}  // namespace paragon::python
