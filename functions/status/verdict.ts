// The one sentence at the top of the page: is the stream flowing, and if not, why, how we know, and what to do next.
import type { Facts, SummaryFacts, Verdict } from './facts.ts'
import { behind, empty, first, flowing, old, silent } from './movement.ts'
import { connecting, disconnected, samplerSilent, stalled, storeUnavailable, stuck, unbalanced } from './trouble.ts'

/**
 * Judges the facts. The first rule that applies wins, and the order is the argument: what makes everything else
 * unknowable comes first, then what will not mend by itself, then what is late but moving, then silence, then health.
 * Health is never a default: it needs new events, a young newest one, a sampler that lives and an account that balances.
 */
export function verdict(facts: Facts): Verdict {
  const summary = facts.summary
  return (
    disconnected(facts) ??
    storeUnavailable(facts) ??
    stuck(facts) ??
    (summary === null ? connecting() : fromSummary(facts, summary))
  )
}

function fromSummary(facts: Facts, summary: SummaryFacts): Verdict {
  return (
    stalled(facts, summary) ??
    unbalanced(summary) ??
    samplerSilent(summary) ??
    empty(facts, summary) ??
    behind(facts, summary) ??
    first(summary) ??
    silent(facts, summary) ??
    old(summary) ??
    flowing(facts, summary)
  )
}
