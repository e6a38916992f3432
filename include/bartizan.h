/* What bartizan offers beyond the interface of libddwaf.
 *
 * Written from the sources in ffi-c/src by cbindgen: do not edit. The conventions of ddwaf.h hold.
 */

#ifndef BARTIZAN_H
#define BARTIZAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ddwaf.h"

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * @return the version of bartizan itself, "major.minor.patch"; ddwaf_get_version tells which libddwaf it stands in for.
 *         Static, never NULL, not to be freed.
 */
const char *bartizan_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BARTIZAN_H */
