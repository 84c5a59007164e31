// exhaustive round_to FORMAT FIRST COUNT: holds the kernels of round_to, of every instruction set that this machine can
// run, to the scalar contract, on the COUNT words from FIRST on. What the contract is held to stands in round_to.py.
#pragma once

namespace paragon {

// Prints "versions NAME...", "wrong VERSION INPUT RESULT EXPECTED" (the first of each version), "count INPUTS" and
// "mismatches NUMBER..." (each version's). Returns the exit status: 2 for arguments that make no sense.
int exhaustive_round_to(int argc, char** argv);

}  // namespace paragon
