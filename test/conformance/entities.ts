// The kinds of object that OneRoster serves, and where each one lives.
export const PLURALS = {
  academicSession: 'academicSessions',
  org: 'orgs',
  course: 'courses',
  class: 'classes',
  user: 'users',
  enrollment: 'enrollments',
  demographics: 'demographics',
  resource: 'resources',
  category: 'categories',
  lineItem: 'lineItems',
  result: 'results',
  scoreScale: 'scoreScales',
  assessmentLineItem: 'assessmentLineItems',
  assessmentResult: 'assessmentResults',
} as const

/** The wrapper key of a single object, and the `type` word of a link to it; the plural is its collection and its list's key. */
export type Entity = keyof typeof PLURALS

export type Version = 'v1p1' | 'v1p2'
export type Service = 'rostering' | 'gradebook' | 'resources'

/** Where each service answers, below the public address. In 1.1 the three are one. */
export const BASES: Readonly<Record<Version, Readonly<Record<Service, string>>>> = {
  v1p1: {
    rostering: '/ims/oneroster/v1p1',
    gradebook: '/ims/oneroster/v1p1',
    resources: '/ims/oneroster/v1p1',
  },
  v1p2: {
    rostering: '/ims/oneroster/rostering/v1p2',
    gradebook: '/ims/oneroster/gradebook/v1p2',
    resources: '/ims/oneroster/resources/v1p2',
  },
}

/** Which service an object is read from, and so where links to it lead. */
export function serviceOf(entity: Entity): Service {
  if (entity === 'resource') return 'resources'
  return GRADEBOOK.has(entity) ? 'gradebook' : 'rostering'
}

const GRADEBOOK: ReadonlySet<Entity> = new Set<Entity>([
  'category',
  'lineItem',
  'result',
  'scoreScale',
  'assessmentLineItem',
  'assessmentResult',
])
