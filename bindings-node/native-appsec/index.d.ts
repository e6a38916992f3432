/** What was made of one section of a configuration. */
export interface SectionDiagnostics {
  /** Ids of the elements in use; of an element without one, `index:N`. */
  loaded?: string[]
  /** Ids of the elements that were refused. */
  failed?: string[]
  /** Ids of the elements that this version leaves out. */
  skipped?: string[]
  /** Why elements were refused: ids by message. */
  errors?: { [message: string]: string[] }
  /** What is doubtful about elements in use: ids by message. */
  warnings?: { [message: string]: string[] }
  /** Why the section as a whole was refused. */
  error?: string
}

/** The outcome of the last configuration, by section, such as `rules` or `exclusions`. */
export interface Diagnostics {
  /** The version of the rules, if the document has one. */
  ruleset_version?: string
  /** Why the document as a whole was refused. */
  error?: string
  [section: string]: SectionDiagnostics | string | undefined
}

/** Data of a request: values by address, such as `server.request.query`. */
export interface Payload {
  /** Remembered until the end of the request. */
  persistent?: object
  /** Forgotten after the call. An address with persistent data cannot be given. */
  ephemeral?: object
}

/** What a call found. */
export interface Result {
  /** The sizes of the largest items that were cut. */
  metrics: {
    /** Bytes of a string. */
    maxTruncatedString?: number
    /** Entries of an array or object. */
    maxTruncatedContainerSize?: number
    /** Levels, always 20. */
    maxTruncatedContainerDepth?: number
  }
  /** Whether the time was used up. */
  timeout?: boolean
  /** Nanoseconds; not present if there was nothing new to evaluate. */
  duration?: number
  /** Names and values for the trace. */
  attributes?: { [name: string]: unknown }
  /** Present if a rule matched. */
  status?: 'match'
  /** One for each rule that matched and reports an event. */
  events?: object[]
  /** Parameters of the actions to take, by type. */
  actions?: { [type: string]: object }
  /** Whether the trace should be kept. */
  keep?: boolean
  /** Negative if the data were not evaluated: -2 if they are no objects, -3 after an internal error. */
  errorCode?: number
}

/** The evaluation of one request. */
export interface DDWAFContext {
  readonly disposed: boolean
  /**
   * Evaluates data, at least of one kind.
   *
   * @param timeout in microseconds
   * @throws TypeError for arguments of other types; Error after `dispose`
   */
  run (payload: Payload, timeout: number): Result
  /** Frees the data of the request. */
  dispose (): void
}

/** Rules, ready to evaluate requests. */
export class DDWAF {
  /** The version of libddwaf whose rules and behaviour the engine has. */
  static version (): string

  readonly disposed: boolean
  /** The paths of all configurations in use. */
  readonly configPaths: string[]
  /** What was made of the last configuration. */
  readonly diagnostics: Diagnostics
  /** The addresses that the rules use. */
  readonly knownAddresses: Set<string>
  /** The types of actions that the rules can lead to. */
  readonly knownActions: Set<string>

  /**
   * @param rules the first configuration
   * @param rulesPath its path, not empty
   * @param config which values are redacted in events, by the pattern of their key or their own
   * @throws Error if no rule can be used; TypeError for arguments of other types
   */
  constructor (rules: object, rulesPath: string, config?: { obfuscatorKeyRegex?: string, obfuscatorValueRegex?: string })

  /** Adds a configuration or replaces the one under this path; returns whether it is in use, never throws for its content. */
  createOrUpdateConfig (config: object, path: string): boolean
  /** Removes a configuration; returns whether there was one. Without any, the last rules stay in use. */
  removeConfig (path: string): boolean
  /** Begins a request, which keeps the rules of this moment. */
  createContext (): DDWAFContext
  /** Frees the rules. Contexts stay usable. */
  dispose (): void
}
