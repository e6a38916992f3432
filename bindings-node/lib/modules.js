'use strict'

// Extends modules of the application when they are loaded, whether before or after that is asked for.

const Module = require('node:module')

/** What extends the module of each name. */
const extensions = new Map()
/** What was extended already. */
const done = new WeakSet()
let hooked = false

/** Calls `extend` with what the package exports, in each version that the application loads. */
function onModule (name, extend) {
  if (extensions.has(name)) return
  extensions.set(name, extend)
  for (const { filename, exports } of Object.values(require.cache)) {
    if (packageOf(filename) === name) apply(name, filename, exports)
  }
  if (hooked) return
  hooked = true
  const load = Module._load
  Module._load = function (request, ...rest) {
    const exports = load.call(this, request, ...rest)
    // ES modules load those of CommonJS by path.
    const found = extensions.has(request) ? request : packageOf(request)
    if (found !== undefined && extensions.has(found)) apply(found, request, exports)
    return exports
  }
}

/** The package whose main file this may be. */
function packageOf (filename) {
  if (typeof filename !== 'string' || !/[\\/]node_modules[\\/]/.test(filename)) return undefined
  const [, name] = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(filename) ?? []
  return name
}

function apply (name, filename, exports) {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null || done.has(exports)) return
  if (extensions.get(name)(exports, filename)) done.add(exports)
}

module.exports = { onModule }
