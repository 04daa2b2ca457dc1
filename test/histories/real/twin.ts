// A district in another process that its twin in this one is always the same as.
import { createDistrict, type District, type DistrictOptions } from '../../../fixtures/powerschool/district.ts'
import type { CellValue } from '../../../fixtures/powerschool/schema.ts'

export interface Twin {
  /** What is written here is written there by the next `send`. */
  readonly district: District
  send(): Promise<void>
}

interface Write {
  readonly sql: string
  readonly parameters: readonly CellValue[]
}

/** The server at the address has made its district with the same options, and opens its control endpoints. */
export function createTwin(options: DistrictOptions, url: () => string): Twin {
  const { db, ...rest } = createDistrict(options)
  const writes: Write[] = []
  // Of a database, what happens in a district uses these statements alone.
  const recording = new Proxy(db, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name, target)
      return (sql: string) => {
        const statement = target.prepare(sql)
        return {
          all: (...parameters: CellValue[]) => statement.all(...parameters),
          get: (...parameters: CellValue[]) => statement.get(...parameters),
          run: (...parameters: CellValue[]) => {
            writes.push({ sql, parameters })
            return statement.run(...parameters)
          },
        }
      }
    },
  })
  return {
    district: { ...rest, db: recording },
    async send() {
      for (const write of writes.splice(0)) {
        const headers = { 'content-type': 'application/json' }
        const answer = await fetch(`${url()}/__sql`, { method: 'POST', headers, body: JSON.stringify(write) })
        if (!answer.ok) throw new Error(`the simulated PowerSchool answered ${answer.status}: ${await answer.text()}`)
      }
    },
  }
}
