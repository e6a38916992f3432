'use strict'

const path = require('node:path')

const file = path.join(__dirname, '..', 'bartizan.node')
try {
  module.exports = require(file)
} catch (cause) {
  if (cause.code !== 'MODULE_NOT_FOUND') throw cause
  throw new Error(`the native half of bartizan is missing at ${file}: build it with "npm run build"`, { cause })
}
