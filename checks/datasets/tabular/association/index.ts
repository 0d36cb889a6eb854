/** Values of a table, and pairs of them, that go with a class more than the rest of the table explains. */

export { fitLevels } from './additive.ts';
export { type ItemRules, type Items, itemsOf, shown } from './items.ts';
export { nameOf, outcomeOf, type Wording } from './report.ts';
export { type Screen, screen } from './screen.ts';
export { type Association, associations, type Searched, type SearchOptions } from './search.ts';
export { type Timeline, timelinesOf } from './timeline.ts';
