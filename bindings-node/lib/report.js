'use strict'

// Converts the result of a call about a user to span tags and a report for the caller.

/** Spans of Datadog have `setTag`, those of OpenTelemetry `setAttribute`. */
function tag (span, tags) {
  const set = typeof span?.setTag === 'function' ? 'setTag' : 'setAttribute'
  if (typeof span?.[set] !== 'function') return
  for (const [name, value] of Object.entries(tags)) span[set](name, value)
}

function tagAnswer (span, { meta, metrics, keep }) {
  tag(span, { ...meta, ...metrics })
  if (keep) tag(span, { 'manual.keep': 'true' })
}

/** Writes a structured field to a span, or its JSON where there are only tags. */
function attach (span, name, value) {
  if (typeof span?.meta_struct === 'object' && span.meta_struct !== null) span.meta_struct[name] = value
  else tag(span, { [name]: JSON.stringify(value) })
}

function reportOf ({ outcome, meta, metrics, keep, waf, telemetry, warnings }, result) {
  return { accepted: outcome === 'ok', meta, metrics, keep, addresses: waf[0] ?? {}, telemetry, warnings, result }
}

module.exports = { attach, reportOf, tag, tagAnswer }
