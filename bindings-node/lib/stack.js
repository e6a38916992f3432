'use strict'

// The stack of a call, as it is attached to a report.

const path = require('node:path')
const sdk = require('./sdk')

function number (name, otherwise) {
  const text = (process.env[name] ?? '').trim()
  return /^\d+$/.test(text) ? Number(text) : otherwise
}

// The variables are known from tracers; zero is unlimited.
const LARGEST_NUMBER = number('DD_APPSEC_MAX_STACK_TRACES', 2)
const DEPTH = number('DD_APPSEC_MAX_STACK_TRACE_DEPTH', 32)
const TOP_PERCENT = number('DD_APPSEC_MAX_STACK_TRACE_DEPTH_TOP_PERCENT', 75)
const ENABLED = !['false', '0'].includes((process.env.DD_APPSEC_STACK_TRACE_ENABLED ?? 'true').trim().toLowerCase())
const OWN = __dirname + path.sep

/** The stack of the caller, from the innermost frame outside of this package; undefined where that is off. */
function captured (id) {
  if (!ENABLED) return undefined
  const { prepareStackTrace, stackTraceLimit } = Error
  let sites
  try {
    Error.stackTraceLimit = DEPTH === 0 ? Infinity : Math.max(DEPTH * 4, 100)
    Error.prepareStackTrace = (error, given) => given
    sites = new Error('').stack
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit })
  }
  if (!Array.isArray(sites)) return undefined
  const frames = sites.slice(Math.max(sites.findIndex((site) => !(site.getFileName() ?? OWN).startsWith(OWN)), 0))
  const { top, bottom } = sdk.call('stack_frames', { count: frames.length, depth: DEPTH, top_percent: TOP_PERCENT })
  const places = frames.map((_, place) => place).filter((place) => place < top || place >= frames.length - bottom)
  return { id, language: 'nodejs', frames: places.map((place) => described(place, frames[place])) }
}

function described (id, site) {
  const frame = { id, file: site.getFileName(), line: site.getLineNumber(), column: site.getColumnNumber(), function: site.getFunctionName(), class_name: site.getTypeName() }
  return Object.fromEntries(Object.entries(frame).filter(([, value]) => value !== null && value !== undefined))
}

module.exports = { captured, LARGEST_NUMBER }
