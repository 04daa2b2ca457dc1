// Finds out, step by step, whether the bridge can read this PowerSchool, and what to do where it cannot.

import { BridgeError } from '../errors.ts'
import type { Query } from './ask.ts'
import type { PowerSchoolClient } from './client.ts'
import { type PowerSchoolMetadata, SMALLEST_PAGE_SIZE } from './metadata.ts'
import { countOf } from './rows.ts'
import {
  chooseTemplate,
  probeTemplates,
  type Finding as ReaderFinding,
  type Template,
  type TemplateSource,
} from './template.ts'
import { remedyText } from './template-text.ts'

interface CheckStep {
  readonly name: 'server' | 'credentials' | 'metadata' | 'v1-rights' | 'schools'
  readonly ok: boolean
  /** What was found, for a person. */
  readonly detail: string
  /** What to do; also on a step that is well but could be better. */
  readonly remedy?: string
  readonly elapsedMs: number
}

interface ConnectionCheck {
  readonly ok: boolean
  readonly steps: readonly CheckStep[]
  /** Where sources were given, and PowerSchool let the client in. */
  readonly templates?: TemplateCheck
}

interface TemplateCheck {
  /** One for each reader of each source. */
  readonly readers: readonly ReaderFinding[]
  readonly setting: Template | 'auto'
  /** Which one a sync would take; none where what is set, or every one, is impossible. */
  readonly template?: Template
  readonly detail: string
  readonly remedy?: string
}

interface TemplateQuestion {
  readonly sources: readonly TemplateSource[]
  readonly setting: Template | 'auto'
  /** Of what is published. */
  readonly before?: Template
}

type Finding = Pick<CheckStep, 'ok' | 'detail' | 'remedy'>

interface Probe {
  readonly name: CheckStep['name']
  /** Of rights to /ws/v1: without them a template may still be possible. */
  readonly isOfRest?: boolean
  /** Gives what was found; what it throws is the step's failure. */
  find(client: PowerSchoolClient): Promise<Finding>
}

// In this order, because metadata answers even where v1 access is denied, and counts prove both.
const PROBES: readonly Probe[] = [
  { name: 'server', find: findServer },
  { name: 'credentials', find: findCredentials },
  { name: 'metadata', find: findMetadata },
  { name: 'v1-rights', find: findRights, isOfRest: true },
  { name: 'schools', find: findSchools },
]

/**
 * Ends at the first step that fails: the later ones would only repeat its failure. With sources, and unless there is no way in
 * at all, it goes on to what the plugin may read of each; all is well then if a sync would find a template. Throws nothing but
 * `sync-stopped`.
 */
export async function checkConnection(
  client: PowerSchoolClient,
  question?: TemplateQuestion,
): Promise<ConnectionCheck> {
  const steps: CheckStep[] = []
  let failed: Probe | undefined
  for (const probe of PROBES) {
    const startedMs = client.now()
    const finding = await probe.find(client).catch(failureFinding)
    steps.push({ name: probe.name, ...finding, elapsedMs: Math.round(client.now() - startedMs) })
    if (finding.ok) continue
    failed = probe
    break
  }
  const isIn = failed === undefined || failed.isOfRest === true
  if (question === undefined || !isIn) return { ok: failed === undefined, steps }
  const templates = await checkTemplates(client, question)
  return { ok: templates.template !== undefined, steps, templates }
}

async function checkTemplates(client: PowerSchoolClient, question: TemplateQuestion): Promise<TemplateCheck> {
  const { sources, setting, before } = question
  let readers: readonly ReaderFinding[] = []
  try {
    const probe = await probeTemplates(client, sources)
    readers = probe.findings
    const { template, reason, missing } = chooseTemplate(probe, setting, before)
    const remedy = remedyText(missing, undefined)
    return { readers, setting, template, detail: reason, ...(remedy === '' ? {} : { remedy }) }
  } catch (failure) {
    const { detail, remedy } = failureFinding(failure)
    return { readers, setting, detail, ...(remedy === undefined ? {} : { remedy }) }
  }
}

function failureFinding(failure: unknown): Finding {
  if (!(failure instanceof BridgeError) || failure.code === 'sync-stopped') throw failure
  const { message, remedy } = failure
  return { ok: false, detail: message, ...(remedy === undefined ? {} : { remedy }) }
}

async function findServer(client: PowerSchoolClient): Promise<Finding> {
  try {
    await client.get('/ws/v1/time', { isPublic: true, read: () => undefined })
    return { ok: true, detail: 'PowerSchool answers.' }
  } catch (error) {
    // A refusal comes from a PowerSchool that is up, too.
    const refusals = ['powerschool-refused', 'powerschool-credentials', 'powerschool-rights']
    if (!(error instanceof BridgeError) || !refusals.includes(error.code)) throw error
    return { ok: true, detail: 'PowerSchool answers, though it does not tell its time.' }
  }
}

async function findCredentials(client: PowerSchoolClient): Promise<Finding> {
  await client.signIn()
  return { ok: true, detail: 'PowerSchool accepts the client ID and secret.' }
}

async function findMetadata(client: PowerSchoolClient): Promise<Finding> {
  const metadata = await client.metadata()
  const { version = 'of unknown version', timeZone = 'unknown' } = metadata
  const size = smallestPageSize(metadata)
  const detail = `PowerSchool ${version}, time zone ${timeZone}, ${size} rows a page.`
  if (size > SMALLEST_PAGE_SIZE) return { ok: true, detail }
  const remedy =
    "Raise Maximum Page Size to 1000 in the plugin's Data Provider Configuration: long lists then need a tenth of the requests."
  return { ok: true, detail, remedy }
}

function smallestPageSize({ pageSizes }: PowerSchoolMetadata): number {
  const sizes = Object.values(pageSizes)
  return sizes.length === 0 ? SMALLEST_PAGE_SIZE : Math.min(...sizes)
}

async function findRights(client: PowerSchoolClient): Promise<Finding> {
  await countAt(client, '/ws/v1/district/school/count')
  return { ok: true, detail: 'The plugin may read /ws/v1.' }
}

async function findSchools(client: PowerSchoolClient): Promise<Finding> {
  const schools = await countAt(client, '/ws/v1/district/school/count')
  const students = await countAt(client, '/ws/v1/district/student/count', { q: 'school_enrollment.enroll_status==A' })
  const detail = `${schools} schools and ${students} active students.`
  if (schools > 0) return { ok: true, detail }
  return {
    ok: false,
    detail,
    remedy: 'Check that POWERSCHOOL_URL is the address of the district and not of a test server.',
  }
}

function countAt(client: PowerSchoolClient, path: string, query: Query = {}): Promise<number> {
  return client.get(path, { query, read: (body) => countOf(body, path) })
}
