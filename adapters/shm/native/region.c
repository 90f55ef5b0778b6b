/* Both ends of a region as one unit, so that a checker of the memory model compiles one file. */
#include "publishing.c"
#include "reading.c"
