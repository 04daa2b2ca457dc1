// Finds out by which template PowerSchool can be read, and takes one.

import { BridgeError } from '../errors.ts'
import type { PowerSchoolClient } from './client.ts'
import { eachInPool } from './pool.ts'
import type { QueryCall } from './query-ports.ts'
import { probeQuery, probeRest, type Verdict } from './query-probe.ts'
import { lackText, remedyText } from './template-text.ts'

export type Template = 'rest' | 'powerquery'

/** A source of the mapping, as far as rights are concerned. */
export interface TemplateSource {
  readonly source: string
  /** The path that its rest reader asks for; undefined where it has none. */
  readonly rest?: string
  /** All its named queries, with arguments that PowerSchool takes. Empty: no powerquery reader. */
  readonly queries: readonly QueryCall[]
}

/** Whether one reader of one source would be answered. */
export interface Finding extends Verdict {
  readonly source: string
  /** Of a powerquery reader: the full name of one of its queries. */
  readonly query?: string
  /** Of a rest reader. */
  readonly path?: string
  /** The templates in which the source is read like that. */
  readonly templates: readonly Template[]
}

export interface TemplateProbe {
  /** In the order of the sources: the rest reader of each, then its queries. */
  readonly findings: readonly Finding[]
}

export interface TemplateChoice {
  readonly template: Template
  /** For a person; says what is missing, if something is. */
  readonly reason: string
  /** What stands between this PowerSchool and the better template, where somebody seems to want that one. */
  readonly missing: readonly Finding[]
}

/**
 * Asks for one row of each query, side by side, and once for a count of /ws/v1. Throws what may pass by itself: a server that
 * cannot answer now is not one that lacks the plugin.
 */
export async function probeTemplates(
  client: PowerSchoolClient,
  sources: readonly TemplateSource[],
): Promise<TemplateProbe> {
  const verdicts = new Map<QueryCall, Verdict>()
  const calls = sources.flatMap(({ queries }) => queries)
  await eachInPool(calls, client.concurrency, async (call) => {
    verdicts.set(call, await probeQuery(client, call))
  })
  const rest = sources.some(({ rest }) => rest !== undefined) ? await probeRest(client) : undefined
  // A server that is being restarted answers 404 to everything for a while; it has no metadata then either.
  if ([...verdicts.values(), rest].some((verdict) => verdict?.status === 404)) await client.metadata()
  return {
    findings: sources.flatMap((source) => [
      ...(source.rest === undefined || rest === undefined ? [] : [restFinding(source, source.rest, rest)]),
      ...source.queries.flatMap((call) => queryFinding(source, call, verdicts.get(call))),
    ]),
  }
}

function restFinding({ source, queries }: TemplateSource, path: string, verdict: Verdict): Finding {
  return { source, path, templates: queries.length === 0 ? ['rest', 'powerquery'] : ['rest'], ...verdict }
}

function queryFinding({ source }: TemplateSource, { name }: QueryCall, verdict: Verdict | undefined): Finding[] {
  return verdict === undefined ? [] : [{ source, query: name, templates: ['powerquery'], ...verdict }]
}

/**
 * The set template, or with `auto` powerquery if it is allowed, else rest. Refuses with `powerschool-rights` where something
 * is missing for it. `before` is the template of what is published: auto does not go back from powerquery to rest, for what
 * only powerquery delivers (co-teachers, rooms …) would vanish from the roster without a word.
 */
export function chooseTemplate(
  { findings }: TemplateProbe,
  setting: Template | 'auto',
  before: Template | undefined,
): TemplateChoice {
  const lacks = { rest: lacking(findings, 'rest'), powerquery: lacking(findings, 'powerquery') }
  /** Said only to whom it helps. */
  const isRestWayOut = lacks.rest.length === 0
  if (setting !== 'auto') {
    if (lacks[setting].length === 0) return chosen(setting, `POWERSCHOOL_TEMPLATE is ${setting}.`)
    throw refusal(
      `POWERSCHOOL_TEMPLATE=${setting}, but ${lackText(lacks[setting])}.`,
      remedyText(
        lacks[setting],
        setting === 'powerquery' && isRestWayOut && before !== 'powerquery' ? OR_AUTO : undefined,
      ),
    )
  }
  const queries = findings.filter(({ query }) => query !== undefined)
  if (queries.length > 0 && lacks.powerquery.length === 0) return chosen('powerquery', 'The plugin has every query.')
  if (queries.length > 0 && before === 'powerquery') {
    throw refusal(
      `What is published was read by powerquery, and now ${lackText(lacks.powerquery)}.`,
      remedyText(lacks.powerquery, isRestWayOut ? OR_WITHOUT : undefined),
    )
  }
  if (lacks.rest.length > 0) {
    const both = [...new Set([...lacks.powerquery, ...lacks.rest])]
    throw refusal(
      `PowerSchool can be read neither by powerquery (${lackText(lacks.powerquery)}) nor by rest (${lackText(lacks.rest)}).`,
      remedyText(both, undefined),
    )
  }
  if (queries.every(({ state }) => state === 'not-installed')) {
    return chosen('rest', 'The plugin has no queries of this mapping.')
  }
  const [first = '', ...others] = lackText(lacks.powerquery)
  return { template: 'rest', reason: `${first.toUpperCase()}${others.join('')}.`, missing: lacks.powerquery }
}

const OR_AUTO = 'Or set POWERSCHOOL_TEMPLATE=auto, which reads by rest until then.'
const OR_WITHOUT =
  'Or set POWERSCHOOL_TEMPLATE=rest to go on without what only powerquery delivers (co-teachers, rooms, grading periods).'

function lacking(findings: readonly Finding[], template: Template): Finding[] {
  return findings.filter(({ templates, state }) => templates.includes(template) && state !== 'allowed')
}

function chosen(template: Template, reason: string): TemplateChoice {
  return { template, reason, missing: [] }
}

function refusal(message: string, remedy: string): BridgeError {
  return new BridgeError('powerschool-rights', message, { remedy })
}
