// What a Durable Object is to do and when, over the one alarm that it has.
import type { Log } from '../log.ts'

export interface AlarmStorage {
  setAlarm(ms: number): Promise<void>
}

export interface Agenda {
  /** At that time (ms since 1970), or soon; of one name, the last call counts. */
  at(name: string, ms: number, work: () => Promise<void>): void
  cancel(name: string): void
  /** Has the alarm go off for what comes next, should the platform have forgotten it. */
  setAlarm(): void
  /** Forgets everything for ever: what it is about is no more. */
  close(): void
  /** Does what is due, one after the other; to be called by the alarm. */
  run(): Promise<void>
}

interface Entry {
  readonly ms: number
  readonly work: () => Promise<void>
}

/**
 * The entries are in memory and the alarm in the storage: an object that is made anew finds the alarm set, and whoever needs it
 * has to put its entry down again. What an entry throws is logged.
 */
export function createAgenda(
  storage: AlarmStorage,
  { now, log }: { readonly now: () => number; readonly log: Log },
): Agenda {
  const entries = new Map<string, Entry>()
  let isRunning = false
  let isClosed = false

  function setAlarm(): void {
    const next = Math.min(...[...entries.values()].map(({ ms }) => ms))
    // The platform holds what is answered meanwhile back until this is kept.
    if (Number.isFinite(next)) void storage.setAlarm(Math.max(next, now()))
  }

  async function runOne(name: string, { work }: Entry): Promise<void> {
    try {
      await work()
    } catch (error) {
      log.error('work-crashed', { work: name, message: error instanceof Error ? error.message : 'unknown' })
    }
  }

  return {
    at(name, ms, work) {
      if (isClosed) return
      entries.set(name, { ms, work })
      if (!isRunning) setAlarm()
    },
    cancel(name) {
      entries.delete(name)
    },
    setAlarm,
    close() {
      isClosed = true
      entries.clear()
    },
    async run() {
      isRunning = true
      try {
        // What is put down meanwhile is for the next alarm, which has its own limits.
        for (const [name, entry] of [...entries]) {
          if (entry.ms > now() || entries.get(name) !== entry) continue
          entries.delete(name)
          await runOne(name, entry)
        }
      } finally {
        isRunning = false
        setAlarm()
      }
    },
  }
}
