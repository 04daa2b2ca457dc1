// Reads a member of a group, wherever it lives; a stream that is cut off is never taken for a whole one.
import { MEMBER_PATHS, type MemberFacts } from './member-api.ts'
import { readLine } from './member-lines.ts'
import type { MemberRecord } from './member-records.ts'
import { MemberError } from './problems.ts'

/** One profile, wherever it lives. */
export interface MemberHandle {
  fetch(request: Request): Promise<Response>
}

export interface MemberSlice {
  readonly collection: string
  readonly generation: number
  readonly publishedAt: string
  /** 0: every active record. */
  readonly since: number
  readonly after: string
}

export interface MemberReader {
  /** Pins the newest snapshot for the group; `since` is the generation that it has read last. Refuses with a MemberError. */
  facts(member: string, since?: Since): Promise<MemberFacts>
  /**
   * The next records after `after`, in the order of sourcedId: an end without `isLast` means that there are more to be asked for.
   * What came before a refusal (a MemberError) was true; `member-changing` when the generation is gone.
   */
  records(member: string, slice: MemberSlice): AsyncGenerator<MemberBatch>
}

export interface MemberBatch {
  readonly records: readonly MemberRecord[]
  /** The collection has no more. */
  readonly isLast: boolean
}

export interface Since {
  readonly generation: number
  readonly publishedAt: string
}

export interface MemberReaderOptions {
  /** The id of the group that reads. */
  readonly group: string
  readonly open: (member: string) => Promise<MemberHandle | undefined>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  /** Records that are handed on, and compared, together: 100 unless told. */
  readonly batch?: number | undefined
}

/** A member that gives nothing for so long is unreachable. */
const SILENCE_MS = 60_000
const BATCH = 100

export function createMemberReader(options: MemberReaderOptions): MemberReader {
  const { group, batch: batchSize = BATCH } = options
  return {
    async facts(member, since) {
      const { generation, publishedAt } = since ?? {}
      const asked = { group, ...(since && { since: `${generation}`, sinceTime: `${publishedAt}` }) }
      const answer = await ask(options, member, `${MEMBER_PATHS.facts}?${new URLSearchParams(asked)}`)
      // Written by the bridge itself.
      return (await inTime(options, member, answer.json())) as MemberFacts
    },
    async *records(member, { collection, generation, publishedAt, since, after }) {
      const asked = { group, collection, generation: `${generation}`, publishedAt, since: `${since}`, after }
      const answer = await ask(options, member, `${MEMBER_PATHS.records}?${new URLSearchParams(asked)}`)
      const cutOff = new MemberError('member-unreachable', `The answer of the member ${member} was cut off.`)
      let batch: MemberRecord[] = []
      let records = 0
      for await (const line of linesOf(options, member, answer)) {
        const read = readLine(line)
        if (read === undefined) throw cutOff
        if ('end' in read) {
          if (read.end.records !== records) throw cutOff
          yield { records: batch, isLast: read.end.isLast }
          return
        }
        records += 1
        batch.push(read.record)
        if (batch.length < batchSize) continue
        yield { records: batch, isLast: false }
        batch = []
      }
      throw cutOff
    },
  }
}

async function ask(options: MemberReaderOptions, member: string, path: string): Promise<Response> {
  const handle = await inTime(options, member, options.open(member))
  if (handle === undefined) throw new MemberError('member-unknown', `There is no profile ${member}.`)
  const answer = await inTime(options, member, handle.fetch(new Request(`http://profile${path}`)))
  if (answer.ok) return answer
  await answer.body?.cancel()
  if (answer.status === 410) {
    throw new MemberError('member-changing', `The member ${member} no longer keeps the snapshot that was being read.`)
  }
  throw new MemberError('member-unreachable', `The member ${member} answered ${answer.status}.`)
}

/** Whatever it refuses with, the member cannot be read now. */
async function inTime<T>({ after }: MemberReaderOptions, member: string, work: Promise<T>): Promise<T> {
  let cancel = () => {}
  const silence = new Promise<never>((_, reject) => {
    cancel = after(SILENCE_MS, () => reject(new Error(`nothing came for ${SILENCE_MS / 1_000} seconds`)))
  })
  try {
    return await Promise.race([work, silence])
  } catch (cause) {
    if (cause instanceof MemberError) throw cause
    throw new MemberError('member-unreachable', `The member ${member} cannot be read.`, cause)
  } finally {
    cancel()
  }
}

async function* linesOf(options: MemberReaderOptions, member: string, { body }: Response): AsyncGenerator<string> {
  if (body === null) return
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await inTime(options, member, reader.read())
      if (done) return
      const texts = (rest + decoder.decode(value, { stream: true })).split('\n')
      rest = texts.pop() ?? ''
      yield* texts
    }
  } finally {
    // Also of a stream that has failed already.
    await reader.cancel().catch(() => undefined)
  }
}
