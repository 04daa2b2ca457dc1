// A database connection that can be made to die at any statement, as a process does that is killed.

import type { Sql, SqlRow, SqlValue } from '../../src/store/sql.ts'
import type { TestStore } from '../support/runtime.ts'

/** What every statement of a dead process gets; nobody hears of it. */
export class Killed extends Error {
  constructor() {
    super('the process was killed')
  }
}

/** When death comes: at the nth write from now, or at the nth write whose statement looks like this. */
export interface Death {
  readonly writes: number
  readonly like?: RegExp
  /** Whether the write is made before it, and committed if it is a whole transaction. */
  readonly isAfter: boolean
}

export interface MortalSql extends Sql {
  /** Death comes when it comes; the last one that was told counts. */
  dieAt(death: Death): void
  /** It is no longer to die. */
  spare(): void
  readonly isDead: () => boolean
  /** Closes the file, once the process is dead or has stopped. */
  close(): void
}

export interface MortalOptions {
  readonly inner: TestStore
  readonly onDeath: () => void
  /** Called after each commit that published a generation or made a narrowed roster readable. */
  readonly onPublish: () => void
  /** Called with each statement that writes, before it does. */
  readonly onWrite: (statement: string) => void
}

const PUBLISHES = /insert into generations|update rosters set built/i
const COMMIT = 'commit'

export function openMortalSql({ inner, onDeath, onPublish, onWrite }: MortalOptions): MortalSql {
  let isDead = false
  let isOpen = true
  let depth = 0
  let death: (Death & { left: number }) | undefined
  let hasPublished = false

  const die = () => {
    if (isDead) return
    isDead = true
    onDeath()
  }
  const live = () => {
    if (isDead) throw new Killed()
  }
  /** Whether death comes at this write. */
  const isHour = (statement: string): boolean => {
    if (death === undefined || (death.like !== undefined && !death.like.test(statement))) return false
    death.left -= 1
    return death.left <= 0
  }
  const write = <T>(statement: string, work: () => T): T => {
    live()
    onWrite(statement)
    const isLast = isHour(statement)
    if (isLast && death?.isAfter !== true) die()
    live()
    const result = work()
    if (depth === 0 && hasPublished) {
      hasPublished = false
      onPublish()
    }
    if (isLast) die()
    live()
    return result
  }

  return {
    all<T extends object = SqlRow>(statement: string, ...parameters: readonly SqlValue[]): T[] {
      live()
      if (!/^\s*(?:insert|update|delete)/i.test(statement)) return inner.all<T>(statement, ...parameters)
      return write(statement, () => inner.all<T>(statement, ...parameters))
    },
    run(statement, ...parameters) {
      return write(statement, () => {
        const result = inner.run(statement, ...parameters)
        if (PUBLISHES.test(statement)) hasPublished = true
        return result
      })
    },
    transaction(work) {
      live()
      if (depth > 0) return work()
      return write(COMMIT, () => {
        depth = 1
        try {
          return inner.transaction(work)
        } catch (error) {
          hasPublished = false
          throw error
        } finally {
          depth = 0
        }
      })
    },
    bytes: inner.bytes,
    dieAt(next) {
      death = { ...next, left: next.writes }
    },
    spare() {
      death = undefined
    },
    isDead: () => isDead,
    close() {
      isDead = true
      if (isOpen) inner.close()
      isOpen = false
    },
  }
}
