'use strict'

// Posting notifications to a webhook, Slack, Teams or PagerDuty. The core creates bodies and signatures.

const { ArgumentError, only } = require('./errors')
const { call } = require('./sdk')
const { openInbox } = require('./takeover')
const { version } = require('../package.json')

const PAGERDUTY = 'https://events.pagerduty.com/v2/enqueue'
const OPTIONS = [
  'secret', 'routingKey', 'minSeverity', 'categories', 'services', 'kinds',
  'timeoutMs', 'retries', 'backoffMs', 'longestBackoffMs'
]
const NOTHING = { kind: 'opened', seq: 0, at: 0, title: '', signal: {}, delta: {} }

/** The receiver rejected the notification for good. */
class Refused extends Error {}

/** Sending failed but may succeed later; `afterMs` is the pause in milliseconds that the receiver asked for. */
class NotNow extends Error {
  constructor (message, afterMs = 0) {
    super(message)
    this.afterMs = afterMs
  }
}

/** Posts the notifications of a detector to one receiver, in order, until it is closed. */
class Notifier {
  #detector
  #inbox
  #how
  #url
  #timeoutMs
  #retries
  #backoffMs
  #longestBackoffMs
  #counts = { sent: 0, retried: 0, failed: 0 }
  /** The promise of the sending loop, which is null while nothing is queued. */
  #sending = null
  #closing = false
  #wake = () => {}
  #abort = null

  constructor (detector, receiver, url, options = {}) {
    only(options, OPTIONS)
    const { secret, routingKey, timeoutMs = 5000, retries = 5, backoffMs = 1000, longestBackoffMs = 60_000, ...wanted } = options
    this.#how = { receiver, secret, routing_key: routingKey }
    this.#url = checked(url ?? (receiver === 'pagerduty' ? PAGERDUTY : ''))
    this.#timeoutMs = number('timeoutMs', timeoutMs, 1)
    this.#retries = number('retries', retries)
    this.#backoffMs = number('backoffMs', backoffMs)
    this.#longestBackoffMs = number('longestBackoffMs', longestBackoffMs)
    this.#message(NOTHING) // reports invalid settings now rather than with each notification
    this.#detector = detector
    this.#inbox = openInbox(detector, wanted, () => this.#start())
  }

  get statistics () {
    return { ...this.#counts, dropped: this.#inbox.dropped }
  }

  /** Sends what is queued, without pauses between retries and for at most `timeoutMs`, and stops. */
  async close (timeoutMs = 5000) {
    this.#detector.tick()
    this.#detector.unsubscribe(this.#inbox.subscription)
    this.#closing = true
    this.#wake()
    const end = setTimeout(() => this.#end(), timeoutMs)
    await this.#sending
    clearTimeout(end)
    this.#end()
  }

  #end () {
    this.#retries = -1
    this.#abort?.abort()
  }

  #start () {
    this.#sending ??= this.#send().finally(() => { this.#sending = null })
  }

  async #send () {
    for (let waiting; this.#retries >= 0 && (waiting = this.#inbox.take()) !== null;) {
      await this.#deliver(JSON.parse(waiting))
    }
  }

  async #deliver (notification) {
    for (let attempt = 0; attempt <= this.#retries; attempt++) {
      try {
        return await this.#post(notification)
      } catch (error) {
        const last = attempt >= this.#retries || this.#closing
        if (!(error instanceof NotNow) || last) return this.#giveUp(error)
        this.#counts.retried++
        await this.#pause(attempt, error.afterMs)
      }
    }
  }

  async #pause (attempt, askedForMs) {
    // Processes that failed at the same time must not all retry at the same time.
    const pause = Math.min(this.#backoffMs * 2 ** attempt, this.#longestBackoffMs) * (0.5 + Math.random() / 2)
    const ms = Math.max(pause, Math.min(askedForMs, this.#longestBackoffMs))
    if (this.#closing) return
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, ms).unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #giveUp (reason) {
    this.#counts.failed++
    const what = 'a notification of account takeover could not be sent to'
    process.emitWarning(`${what} ${this.#how.receiver}: ${reason.message}`, 'BartizanWarning')
  }

  #message (notification) {
    return call('notification_message', { ...this.#how, notification, now_s: Math.floor(Date.now() / 1000) })
  }

  async #post (notification) {
    const { headers, body } = this.#message(notification)
    if (body === undefined) return // this receiver has no message for this kind of notification
    const status = await this.#answer(headers, body)
    if (status.code >= 200 && status.code < 300) {
      this.#counts.sent++
      return
    }
    const reason = `it answered ${status.code}`
    if ([408, 425, 429].includes(status.code) || status.code >= 500) throw new NotNow(reason, status.afterMs)
    throw new Refused(reason)
  }

  async #answer (headers, body) {
    this.#abort = new AbortController()
    const timer = setTimeout(() => this.#abort.abort(), this.#timeoutMs).unref()
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { ...headers, 'User-Agent': `bartizan/${version}` },
        body,
        // Notifications go to the configured receiver only.
        redirect: 'manual',
        signal: this.#abort.signal
      })
      await answer.body?.cancel()
      return { code: answer.status, afterMs: 1000 * seconds(answer.headers.get('retry-after')) }
    } catch (error) {
      throw new NotNow(error.cause?.code ?? error.name)
    } finally {
      clearTimeout(timer)
    }
  }
}

function checked (url) {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!['http:', 'https:'].includes(parsed?.protocol) || parsed.username !== '' || parsed.password !== '') {
    throw new ArgumentError('the argument `url` must be a valid http or https URL without a user name')
  }
  return parsed
}

function number (name, given, least = 0) {
  // Timers take no longer delays than this.
  if (typeof given === 'number' && given >= least) return Math.min(given, 2 ** 31 - 1)
  throw new ArgumentError(`the option \`${name}\` must be a number of at least ${least}`)
}

/** A `Retry-After` in seconds; a date is ignored, and the usual pause applies. */
function seconds (text) {
  return /^\d+$/.test(text ?? '') ? Number(text) : 0
}

module.exports = { Notifier }
