'use strict'

// The native half: built in place, or from the package of this platform that npm has installed beside this one.

const fs = require('node:fs')
const path = require('node:path')

/** The name of this platform, as in the names of packages. */
function platform () {
  if (process.platform === 'win32') return `win32-${process.arch}-msvc`
  if (process.platform !== 'linux') return `${process.platform}-${process.arch}`
  const { glibcVersionRuntime } = process.report.getReport().header
  return `linux-${process.arch}-${glibcVersionRuntime === undefined ? 'musl' : 'gnu'}`
}

function load () {
  const built = path.join(__dirname, '..', 'bartizan.node')
  if (fs.existsSync(built)) return require(built)
  const name = `bartizan-${platform()}`
  try {
    return require(name)
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause
    const advice = `install the package ${name}, which npm leaves out with --omit=optional, or build it with "npm run build"`
    throw new Error(`the native half of bartizan is missing at ${built}: ${advice}`, { cause })
  }
}

module.exports = load()
