'use strict'

// Exploit prevention without a tracer: the dangerous calls of an application are judged before they are made.

const { syncBuiltinESMExports } = require('node:module')
const { wrapProcesses } = require('./child_process')
const { wrapDatabases } = require('./databases')
const { wrapFiles } = require('./fs')
const { state } = require('./judge')
const { wrapUrls } = require('./urls')

/** The variable that turns exploit prevention off, as known from tracers. */
const VARIABLE = 'DD_APPSEC_RASP_ENABLED'

let installed = false

/** Judges dangerous calls in requests from now on, or no more; returns whether they are judged. */
function protectCalls (enabled = !['false', '0'].includes((process.env[VARIABLE] ?? 'true').trim().toLowerCase())) {
  state.enabled = enabled === true
  if (state.enabled && !installed) {
    installed = true
    for (const wrap of [wrapFiles, wrapProcesses, wrapUrls, wrapDatabases]) wrap()
    // What ES modules imported by name.
    syncBuiltinESMExports()
  }
  return state.enabled
}

module.exports = { protectCalls }
