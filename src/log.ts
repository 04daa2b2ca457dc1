// JSON lines for operators. Callers pass codes, counts and ids of requests; never a name, an e-mail, a token or a secret.

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | object>>

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export interface LogOptions {
  readonly level: LogLevel
  readonly now: () => number
  /** Takes one finished line without its line break. */
  readonly write: (line: string) => void
}

/** A log that writes `{"time","level","event",…fields}`, one line an event, from `level` upwards. */
export function createLog({ level, now, write }: LogOptions): Log {
  const floor = LOG_LEVELS.indexOf(level)
  const at = (name: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(name)
    return (event: string, fields: LogFields = {}) => {
      if (rank >= floor) write(JSON.stringify({ time: new Date(now()).toISOString(), level: name, event, ...fields }))
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** A log that keeps nothing, for tests and one-shot commands. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
