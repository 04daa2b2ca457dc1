// Google Classroom as its conformance notebooks ask, over OneRoster 1.2 and 1.1: from a teacher's address to the class.
import { type Entity, jsonOf, linksAt, recordsOf } from './read.ts'
import { bearer, type Credentials, fetchToken } from './tokens.ts'
import type { Wire, WireAnswer } from './wire.ts'

/** Where it is configured to begin, and what it appends to that for each service. */
export interface Generation {
  readonly base: string
  readonly roster: string
  readonly gradebook: string
  readonly scopes: readonly string[]
}

const scopesOf = (version: string) =>
  ['roster.readonly', 'gradebook.readonly', 'gradebook.createput', 'gradebook.delete'].map(
    (name) => `https://purl.imsglobal.org/spec/or/${version}/scope/${name}`,
  )

export const GENERATIONS: Readonly<Record<'1.2' | '1.1', Generation>> = {
  '1.2': {
    base: '/ims/oneroster',
    roster: '/rostering/v1p2',
    gradebook: '/gradebook/v1p2',
    scopes: scopesOf('v1p2'),
  },
  '1.1': { base: '/ims/oneroster/v1p1', roster: '', gradebook: '', scopes: scopesOf('v1p1') },
}

export interface GoogleClassroom {
  /** Below the rostering service. */
  roster(path: string): Promise<WireAnswer>
  gradebook(path: string): Promise<WireAnswer>
  /** What an administrator's first set-up walks through for one teacher. */
  connectTeacher(email: string): Promise<TeacherConnection>
  /** Every record of a list of the rostering service, in pages of 10,000. */
  importAll(list: string, key?: string): Promise<readonly Entity[]>
}

export interface TeacherConnection {
  readonly teacher: Entity
  readonly classes: readonly ClassConnection[]
}

export interface ClassConnection {
  readonly taught: Entity
  readonly students: readonly Entity[]
  readonly teachers: readonly Entity[]
  readonly categories: readonly Entity[]
  readonly lineItems: readonly Entity[]
  readonly gradingPeriods: readonly Entity[]
}

/** The token names the scopes of the gradebook too; a consumer that may only read gets the rest. */
export async function startClassroom(
  wire: Wire,
  version: keyof typeof GENERATIONS,
  credentials?: Credentials,
): Promise<GoogleClassroom> {
  const generation = GENERATIONS[version]
  const scope = generation.scopes.join(' ')
  const token = await fetchToken(wire, { scope, ...(credentials === undefined ? {} : { credentials }) })
  // Some of its reads send the form of the token request along.
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope }).toString()
  const withBody = { 'content-type': 'application/x-www-form-urlencoded' }

  const ask = (service: string, path: string, sent?: string) =>
    wire.send(`${wire.publicUrl}${generation.base}${service}${path}`, {
      headers: { ...bearer(token), ...(sent === undefined ? {} : withBody) },
      ...(sent === undefined ? {} : { body: sent }),
    })
  const roster = (path: string) => ask(generation.roster, path)
  const gradebook = (path: string) => ask(generation.gradebook, path, body)

  const connectClass = async (taught: Entity): Promise<ClassConnection> => {
    const place = `/classes/${taught.sourcedId}`
    const [term] = linksAt(taught, 'terms')
    const people = async (role: string) => recordsOf(await roster(`${place}/${role}?limit=10000`), 'users')
    return {
      taught,
      students: await people('students'),
      teachers: await people('teachers'),
      categories: recordsOf(await gradebook(`${place}/categories?limit=10000`), 'categories'),
      lineItems: recordsOf(await gradebook(`${place}/lineItems?limit=10000`), 'lineItems'),
      gradingPeriods: recordsOf(
        await roster(`/terms/${term?.sourcedId}/gradingPeriods?limit=10000`),
        'academicSessions',
      ),
    }
  }

  return {
    roster,
    gradebook,

    async connectTeacher(email) {
      const first = await roster('/teachers?limit=1')
      if (first.status !== 200) throw new Error(`answered ${first.status}: ${JSON.stringify(jsonOf(first))}`)
      const teachers = recordsOf(await roster(`/teachers?filter=email='${email}'&limit=10000`), 'users')
      const [teacher] = teachers
      if (teacher === undefined || teachers.length > 1) throw new Error(`${teachers.length} teachers are ${email}`)
      const path = `/teachers/${teacher.sourcedId}/classes?limit=10000&filter=status='active'`
      const classes: ClassConnection[] = []
      for (const taught of recordsOf(await roster(path), 'classes')) classes.push(await connectClass(taught))
      return { teacher, classes }
    },

    async importAll(list, key = list) {
      const found: Entity[] = []
      for (let offset = 0; ; offset += 10_000) {
        const page = recordsOf(await roster(`/${list}?limit=10000&offset=${offset}`), key)
        found.push(...page)
        if (page.length < 10_000) return found
      }
    },
  }
}
