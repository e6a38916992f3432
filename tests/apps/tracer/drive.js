'use strict'

// `node drive.js`: runs the application with the engine that is installed here, sends it all requests, and prints what the
// client and the agent saw of each, without what differs each time.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const readline = require('node:readline')
const zlib = require('node:zlib')
const { Agent } = require('./agent')

/** The tracer's rules, with statements and the application's own calls refused, and two denylists. */
function rules () {
  const document = JSON.parse(fs.readFileSync(require.resolve('dd-trace/packages/dd-trace/src/appsec/recommended.json'), 'utf8'))
  for (const rule of document.rules) {
    if (rule.tags.module === 'rasp' || rule.tags.type === 'sql_injection') rule.on_match = [...rule.on_match ?? [], 'block']
  }
  document.rules_data = [
    { id: 'blocked_ips', type: 'ip_with_expiration', data: [{ value: '203.0.113.66', expiration: 0 }] },
    { id: 'blocked_users', type: 'data_with_expiration', data: [{ value: 'mallory', expiration: 0 }] }
  ]
  return document
}

/** A body with long texts and lists in place of their sizes. */
function grown (value) {
  if (value?.repeat > 0) return 'x'.repeat(value.repeat)
  if (value?.elements > 0) return Array.from({ length: value.elements }, (_, i) => i)
  if (Array.isArray(value)) return value.map(grown)
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, grown(inner)])) : value
}

async function send (port, { path: target, headers, json, form }, number) {
  const body = json === undefined ? form : JSON.stringify(grown(json))
  const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
  const response = await fetch(`http://127.0.0.1:${port}${target}${target.includes('?') ? '&' : '?'}number=${number}`, {
    method: body === undefined ? 'GET' : 'POST',
    ...(body === undefined ? {} : { body }),
    headers: { connection: 'close', 'user-agent': 'ordinary', ...(body === undefined ? {} : { 'content-type': type }), ...headers }
  })
  return { status: response.status, type: response.headers.get('content-type'), body: anonymous(await response.text()) }
}

const anonymous = (text) => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id').replace(/127\.0\.0\.1:\d+/g, 'here')

/** Whatever says what the engine found; not how long it took, nor which engine it is. */
function tags ({ meta, metrics }) {
  const kept = Object.entries({ ...meta, ...metrics }).filter(([name]) =>
    /^(_dd\.appsec\.|appsec\.|_dd\.p\.(appsec|ts|usr)|usr\.|http\.|_sampling_priority|manual|actor\.ip)/.test(name) &&
    !/duration|waf\.version|rasp\.rule\.eval|http\.(client_ip|useragent_details)/.test(name))
  return Object.fromEntries(kept.sort().map(([name, value]) => {
    if (name.startsWith('_dd.appsec.s.')) return [name, ordered(JSON.parse(zlib.gunzipSync(Buffer.from(value, 'base64'))))]
    if (name === '_dd.appsec.json') return [name, JSON.parse(anonymous(value))]
    return [name, typeof value === 'string' ? anonymous(value) : value]
  }))
}

/** A schema with the types of lists, which have no order, in one order. */
function ordered (schema) {
  if (!Array.isArray(schema)) return typeof schema === 'object' && schema !== null ? Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, ordered(value)])) : schema
  return Array.isArray(schema[0]) ? [schema[0].map(ordered).sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1), ...schema.slice(1)] : schema.map(ordered)
}

async function main () {
  const agent = new Agent()
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tracer-'))
  const file = path.join(folder, 'rules.json')
  fs.writeFileSync(file, JSON.stringify(rules()))
  const app = spawn(process.execPath, [path.join(__dirname, 'app.js')], {
    cwd: __dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      DD_APPSEC_ENABLED: 'true',
      DD_APPSEC_RULES: file,
      DD_APPSEC_WAF_TIMEOUT: '10000000',
      DD_API_SECURITY_SAMPLE_DELAY: '0',
      DD_APPSEC_TRACE_RATE_LIMIT: '1000',
      DD_TRACE_AGENT_URL: await agent.start(),
      DD_TRACE_FLUSH_INTERVAL: '0',
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
      DD_CRASHTRACKING_ENABLED: 'false',
      NODE_ENV: 'test'
    }
  })
  try {
    const lines = readline.createInterface({ input: app.stdout })[Symbol.asyncIterator]()
    const { port, engine } = JSON.parse((await lines.next()).value)
    const seen = []
    for (const [number, request] of require('./requests.json').entries()) {
      const response = await send(port, request, number)
      seen.push({ name: request.name, response, tags: tags(await agent.root(number)) })
    }
    console.log(JSON.stringify({ engine, seen }))
  } finally {
    app.kill()
    agent.stop()
    fs.rmSync(folder, { recursive: true })
  }
}

main()
