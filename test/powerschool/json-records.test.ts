import { describe, expect, it } from 'vitest'
import { readRecords, recordCountOf, recordsOf } from '../../src/powerschool/json-records.ts'
import type { QueryRow } from '../../src/powerschool/query-ports.ts'
import { seeded } from './fake.ts'

const PATH = '/ws/schema/query/org.example.sis.roster.students'

async function* from(pieces: readonly (Uint8Array | string)[]) {
  yield* pieces
}

async function read(...pieces: readonly (Uint8Array | string)[]) {
  const batches: (readonly QueryRow[])[] = []
  const end = await readRecords(from(pieces), PATH, (rows) => {
    batches.push(rows)
  })
  return { ...end, batches, all: batches.flat() }
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable('it should have been refused'),
    (error: unknown) => error,
  )

const bytes = (text: string) => new TextEncoder().encode(text)
const rowsOf = (count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => ({ _name: 'cc', dcid: String(from + index), name: 'Ünal "王" \\ {[' }))

describe('the answer of a query', () => {
  it('gives its rows and its count', async () => {
    const answer = { name: 'cc', count: 2, record: rowsOf(2), '@extensions': '' }
    expect(await read(JSON.stringify(answer))).toMatchObject({ rows: 2, count: 2, hasRecords: true, all: rowsOf(2) })
  })

  it.each([
    ['before its rows', `{"name":"cc","count":3,"record":${JSON.stringify(rowsOf(3))}}`, 3],
    ['behind its rows', `{"record":${JSON.stringify(rowsOf(3))},"@extensions":"","count":3}`, 3],
    ['as text', `{"record":${JSON.stringify(rowsOf(3))},"count":"3"}`, 3],
    ['nowhere', `{"record":${JSON.stringify(rowsOf(3))}}`, undefined],
  ])('may count %s', async (_, text, count) => {
    expect(await read(text)).toMatchObject({ rows: 3, count })
  })

  it.each([
    ['{"@extensions":""}', false],
    ['{"name":"cc","count":0,"@extensions":""}', false],
    ['{"name":"cc","record":[],"count":0}', true],
    [' { "record" : [ ] } ', true],
    ['{"record":""}', true],
    ['{}', false],
  ])('has no rows: %s', async (text, hasRecords) => {
    expect(await read(text)).toMatchObject({ rows: 0, batches: [], hasRecords })
  })

  it.each([
    ['one row as an object', '{"record":{"_name":"cc","dcid":"1"},"count":1}', [{ _name: 'cc', dcid: '1' }]],
    [
      'rows by table',
      '{"record":[{"id":1,"name":"students","tables":{"students":{"dcid":"1"},"cc":{"course":"MUSIC"}}}]}',
      [{ dcid: '1', course: 'MUSIC' }],
    ],
    ['one row by table', '{"record":{"id":1,"tables":{"cc":{"dcid":"7"}}}}', [{ dcid: '7' }]],
    ['rows behind a name that ends like theirs', '{"a\\"record":["x"],"record":[{"dcid":"1"}]}', [{ dcid: '1' }]],
    ['rows under a name written with escapes', '{"\\u0072ecord":[{"dcid":"1"}]}', [{ dcid: '1' }]],
    [
      'rows with blanks around them',
      '{\n"record" :\n[\n{"dcid":"1"}\n,\n{"dcid":"2"}\n]\n}',
      [{ dcid: '1' }, { dcid: '2' }],
    ],
    ['numbers and nulls', '{"record":[{"dcid":1,"room":null}]}', [{ dcid: 1, room: null }]],
    [
      'names that objects have',
      '{"record":[{"__proto__":"a","tables":"b"}]}',
      [JSON.parse('{"__proto__":"a","tables":"b"}')],
    ],
    [
      'names that objects have, by table',
      '{"record":[{"tables":{"cc":{"__proto__":"a"}}}]}',
      [JSON.parse('{"__proto__":"a"}')],
    ],
  ])('may have %s', async (_, text, rows) => {
    const { all } = await read(text)
    expect(JSON.stringify(all)).toBe(JSON.stringify(rows))
    for (let at = 1; at < text.length; at += 1) {
      expect((await read(text.slice(0, at), text.slice(at))).all).toEqual(all)
    }
  })

  it('passes over a byte order mark', async () => {
    expect(await read(new Uint8Array([0xef, 0xbb, 0xbf]), bytes('{"record":[{"dcid":"1"}]}'))).toMatchObject({
      rows: 1,
    })
  })

  it('is the same however it is cut into pieces', async () => {
    const random = seeded(5)
    for (let round = 0; round < 40; round += 1) {
      const rows = rowsOf(Math.floor(random() * 1200))
      const whole = bytes(JSON.stringify({ name: 'cc', record: rows, '@extensions': 'x', count: rows.length }))
      const pieces: Uint8Array[] = []
      const longest = 1 + Math.floor(random() ** 3 * 70_000)
      for (let at = 0; at < whole.length; ) {
        const length = 1 + Math.floor(random() * longest)
        pieces.push(whole.subarray(at, at + length))
        at += length
      }
      const { all, batches, count } = await read(...pieces)
      expect(all).toEqual(rows)
      expect(count).toBe(rows.length)
      expect(batches.every((batch) => batch.length > 0 && batch.length <= 500)).toBe(true)
    }
  })

  it('comes in batches of at most 500 rows, as soon as they are whole', async () => {
    const { batches } = await read(JSON.stringify({ record: rowsOf(1201) }))
    expect(batches.map((batch) => batch.length)).toEqual([500, 500, 201])
    const parsed = await read(
      JSON.stringify({ '@extensions': '' }).replace('{', `{"\\u0072ecord":${JSON.stringify(rowsOf(501))},`),
    )
    expect(parsed.batches.map((batch) => batch.length)).toEqual([500, 1])
  })

  it('comes in smaller batches where the rows are large', async () => {
    const rows = Array.from({ length: 10 }, (_, index) => ({ dcid: String(index), note: 'x'.repeat(100_000) }))
    const { batches, all } = await read(JSON.stringify({ record: rows }))
    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(3)
    expect(all).toEqual(rows)
  })

  it('is not read ahead of who takes the rows', async () => {
    const taken: number[] = []
    let asked = 0
    async function* pieces() {
      yield '{"record":['
      for (let piece = 0; piece < 10; piece += 1) {
        asked += 1
        yield `${piece === 0 ? '' : ','}${JSON.stringify(rowsOf(500, piece * 500)).slice(1, -1)}`
      }
      yield ']}'
    }
    await readRecords(pieces(), PATH, async () => {
      await Promise.resolve()
      taken.push(asked)
    })
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('ends with the failure of who takes the rows', async () => {
    const failure = new Error('the disk is full')
    const reading = readRecords(from([JSON.stringify({ record: rowsOf(3) })]), PATH, () => {
      throw failure
    })
    expect(await refusal(reading)).toBe(failure)
  })
})

const NAME = 'Lovelace'

describe('what is no whole answer', () => {
  const row = `{"dcid":"1","name":"${NAME}"}`
  it.each([
    ['nothing at all', ''],
    ['blanks', '  \n'],
    ['an end in the rows', `{"record":[${row},`],
    ['an end in a row', `{"record":[${row},{"dcid":"2`],
    ['an end behind the rows', `{"record":[${row}]`],
    ['text after the end', `{"record":[${row}]}x`],
    ['a second answer', `{"record":[${row}]}{"record":[${row}]}`],
    ['an error message', `{"message":"${NAME} is odd"}`],
    ['an error message of /ws/v1', `{"errorMessage":{"message":"${NAME} is odd"}}`],
    ['an error message behind the rows', `{"record":[${row}],"message":"${NAME}"}`],
    ['something else', `{"students":{"student":[${row}]}}`],
    ['a list', `[${row}]`],
    ['a text', `"${NAME}"`],
    ['null', 'null'],
    ['rows that are none', `{"record":["${NAME}","x"]}`],
    ['a row that is a list', `{"record":[${row},["${NAME}"]]}`],
    ['a row that is null', `{"record":[${row},null]}`],
    ['a record that is a number', '{"record":7}'],
    ['a record that is null', '{"record":null}'],
    ['a row with a list', `{"record":[{"dcid":["${NAME}"]}]}`],
    ['a row with an object', `{"record":[{"dcid":{"a":"${NAME}"}}]}`],
    ['a table with an object', `{"record":[{"tables":{"cc":{"dcid":{"a":"${NAME}"}}}}]}`],
    ['a table that is none', `{"record":[{"tables":{"cc":"${NAME}"}}]}`],
    ['one column in two tables', `{"record":[{"tables":{"cc":{"dcid":"${NAME}"},"students":{"dcid":"2"}}}]}`],
    ['a row too deep', `{"record":[{"tables":{"cc":{"a":{"b":{"c":"${NAME}"}}}}}]}`],
    ['a count that is none', `{"count":"many","record":[${row}]}`],
    ['a count below zero', `{"count":-1,"record":[${row}]}`],
    ['a count of a half', `{"count":1.5,"record":[${row}]}`],
    ['a count that is null', `{"count":null,"record":[${row}]}`],
    ['two records', `{"record":[${row}],"record":[${row}]}`],
    ['two records, the second an object', `{"record":[${row}],"record":${row}}`],
    ['two records, the second with escapes', `{"record":[${row}],"\\u0072ecord":[${row}]}`],
    ['a comma before the first row', `{"record":[,${row}]}`],
    ['a comma behind the last row', `{"record":[${row},]}`],
    ['no comma between rows', `{"record":[${row} ${row}]}`],
    ['two commas between rows', `{"record":[${row},,${row}]}`],
    ['rows that end like an object', `{"record":[${row}}}`],
    ['a row that ends like a list', `{"record":[{"dcid":"1"]]}`],
    ['too many brackets', `{"record":[${row}]]}`],
    ['a line break in a text', '{"record":[{"dcid":"a\nb"}]}'],
    ['a comment', `{"record":[${row}/* ${NAME} */]}`],
  ])('is refused: %s', async (_, text) => {
    for (const pieces of [[text], [...text]]) {
      const failure = await refusal(read(...pieces))
      expect(failure).toMatchObject({ code: 'powerschool-broken-answer', message: expect.stringContaining(PATH) })
      expect(`${failure} ${(failure as Error).cause}`).not.toContain(NAME)
    }
  })

  it.each([500, 1000])('is refused: a fault in the commas around row %i', async (count) => {
    const rows = JSON.stringify(rowsOf(count)).slice(1, -1)
    for (const fault of [`${rows}${row}`, `${rows},,${row}`, `${rows},`, `${rows}, `, `${rows},${row},`, `${rows} x`]) {
      await expect(read(`{"record":[${fault}]}`)).rejects.toMatchObject({ code: 'powerschool-broken-answer' })
    }
    expect(await read(`{"record":[${rows} , ${row} ]}`)).toMatchObject({ rows: count + 1 })
  })

  it.each([
    ['in a row', [0xff]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong one', [0xc0, 0xaf]],
  ])('is refused: bytes that are no UTF-8, %s', async (_, wrong) => {
    const pieces = [bytes('{"record":[{"name":"'), new Uint8Array(wrong), bytes('"}]}')]
    const failure = await refusal(read(...pieces))
    expect(failure).toMatchObject({ code: 'powerschool-broken-answer', message: expect.stringContaining('UTF-8') })
  })

  it('is refused: an end in the middle of a character', async () => {
    await expect(read(bytes('{"record":[]}'), new Uint8Array([0xe7, 0x8e]))).rejects.toMatchObject({
      code: 'powerschool-broken-answer',
    })
  })

  it.each([
    ['a row without an end', `{"record":[{"name":"${'x'.repeat(1000)}`, 'x'.repeat(100_000)],
    ['values without an end', '{"record":[', '7,'.repeat(50_000)],
    ['blanks without an end', '{"record":[', ' '.repeat(100_000)],
    ['something else without an end', '{"name":"', 'x'.repeat(10_000)],
    ['lists without an end', '{"name":', '['.repeat(10)],
    ['rows that are lists without an end', '{"record":[{"a":', '['.repeat(10)],
  ])('is given up before it fills the memory: %s', async (_, beginning, further) => {
    let sent = 0
    async function* endless() {
      yield beginning
      for (;;) {
        sent += further.length
        if (sent > 20_000_000) return
        yield further
      }
    }
    const failure = await refusal(readRecords(endless(), PATH, () => {}))
    expect(failure).toMatchObject({ code: 'powerschool-broken-answer' })
    expect(sent).toBeLessThan(6_000_000)
  })

  it('never passes for a whole one, wherever it is cut off or changed', async () => {
    const random = seeded(11)
    const whole = JSON.stringify({ name: 'cc', count: 3, record: rowsOf(3), '@extensions': '' })
    for (let at = 0; at < whole.length; at += 1) {
      await expect(read(whole.slice(0, at))).rejects.toMatchObject({ code: 'powerschool-broken-answer' })
    }
    for (let round = 0; round < 3000; round += 1) {
      const at = Math.floor(random() * whole.length)
      const sign = '{}[],:"\\ x7\u0000'[Math.floor(random() * 12)] ?? ''
      const changed = `${whole.slice(0, at)}${sign}${whole.slice(at + Math.floor(random() * 3))}`
      const expected = outcome(() => recordsOf(JSON.parse(changed), PATH))
      const found = await read(changed).catch(() => undefined)
      expect(found === undefined, changed).toBe(expected === undefined)
      if (found !== undefined) expect(found.all, changed).toEqual(expected?.rows)
    }
  })
})

function outcome<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

describe('an answer read at once', () => {
  it('gives the same rows', () => {
    const answer = { record: [{ tables: { cc: { dcid: '1' } } }, { dcid: '2' }], count: '2' }
    expect(recordsOf(answer, PATH)).toEqual({ rows: [{ dcid: '1' }, { dcid: '2' }], count: 2, hasRecords: true })
  })

  it('of a count is a number', () => {
    expect(recordCountOf({ count: 12 }, PATH)).toBe(12)
    expect(recordCountOf({ count: '12' }, PATH)).toBe(12)
    for (const body of [{}, [], undefined, { count: '' }, { count: 'x' }, { message: 'no' }]) {
      expect(() => recordCountOf(body, PATH)).toThrow(expect.objectContaining({ code: 'powerschool-broken-answer' }))
    }
  })
})
