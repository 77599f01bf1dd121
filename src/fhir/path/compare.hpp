// FHIRPath's operators over collections: equality, equivalence, order, membership, arithmetic.
#pragma once

#include "path/evaluator.hpp"

namespace ward::fhir::path {

/// `=`; nullopt where FHIRPath says empty.
std::optional<bool> equal(Evaluator& in, const PathItems& left, const PathItems& right);
std::optional<bool> equal(const PathItem& left, const PathItem& right);
/// `~`
bool equivalent(Evaluator& in, const PathItems& left, const PathItems& right);
/// `<` and its kin.
PathItems ordered(Evaluator& in, Op op, const PathItems& left, const PathItems& right);
/// -1, 0, 1; nullopt if unknown. `fits` is false if the two cannot be ordered at all.
std::optional<int> order(const Computed& left, const Computed& right, bool& fits);
PathItems member_of(Evaluator& in, const PathItems& item, const PathItems& collection);
bool contains(const PathItems& items, const PathItem& item);

/// `|`: both, without duplicates.
PathItems unite(Evaluator& in, const PathItems& left, const PathItems& right);
PathItems distinct(Evaluator& in, const PathItems& items);

PathItems arithmetic(Evaluator& in, Op op, const PathItems& left, const PathItems& right);
PathItems signed_value(Evaluator& in, Op op, const PathItems& operand);

}  // namespace ward::fhir::path
