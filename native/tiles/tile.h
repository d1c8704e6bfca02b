// Four rows by twenty-four columns of a product of matrices, held in registers: what convolutions
// and dense layers come down to, forward and backward. Twelve vectors of sums, three of right
// factors and a left factor fill AVX2's sixteen registers and keep both of its multiply-add units
// busy.
#pragma once

#include "base/lanes.h"

namespace alexnet {

constexpr int tileRows = 4, tileBlocks = 3;

// sums(row, column) = Σ left(row) · right(column) over the factors of all pieces. Steps are in
// numbers.
struct Tile {
  const float* left[tileRows];  // where each row's factors lie
  int64_t leftStep;             // from one factor to the next
  const float* right;           // eight columns side by side, the next factors right behind them
  int64_t rightBlock;           // to the next eight columns
  float* out;                   // eight columns side by side
  int64_t outStep, outBlock;    // from row to row, and to the next eight columns
  int64_t rows;  // that are written; the others' factors must be readable all the same
};

// Factors that follow each other: where they begin, counted from Tile's `left` and `right`.
struct Piece {
  int64_t left, right;
};

// What sums begin with and end as.
struct Ends {
  bool fresh;         // else they go on from what stands there
  const float* bias;  // of fresh sums, by column; nullptr: 0
  bool relu;
};

// blocks: of eight columns, one to three. unitStep: whether leftStep is 1. Each of the `count`
// pieces has `length` factors. All loops of known length are unrolled, or the compiler keeps the
// sums in memory.
template <int blocks, bool unitStep>
[[gnu::noinline]] void multiplyTile(const Tile& tile, const Piece* pieces, int64_t count,
                                    int64_t length, const Ends& ends) {
  Lanes sums[tileRows][blocks];
#pragma GCC unroll 4
  for (int row = 0; row < tileRows; row++) {
#pragma GCC unroll 3
    for (int b = 0; b < blocks; b++) {
      const float* from =
          ends.fresh ? ends.bias + b * lanes : tile.out + row * tile.outStep + b * tile.outBlock;
      sums[row][b] =
          (ends.fresh ? ends.bias == nullptr : row >= tile.rows) ? Lanes{} : loadLanes(from);
    }
  }
  const int64_t step = unitStep ? 1 : tile.leftStep;
  for (int64_t p = 0; p < count; p++) {
    const float* right = tile.right + pieces[p].right;
    int64_t at = pieces[p].left;
#pragma GCC unroll 2
    for (int64_t i = 0; i < length; i++, at += step) {
      Lanes factors[blocks];
#pragma GCC unroll 3
      for (int b = 0; b < blocks; b++)
        factors[b] = inRegister(loadLanes(right + b * tile.rightBlock + i * lanes));
#pragma GCC unroll 4
      for (int row = 0; row < tileRows; row++) {
        const Lanes factor = spread(tile.left[row][at]);
#pragma GCC unroll 3
        for (int b = 0; b < blocks; b++)
          sums[row][b] = multiplyAdd(factor, factors[b], sums[row][b]);
      }
    }
  }
#pragma GCC unroll 4
  for (int row = 0; row < tileRows; row++) {
    if (row >= tile.rows) break;
#pragma GCC unroll 3
    for (int b = 0; b < blocks; b++) {
      const Lanes sum = sums[row][b];
      storeLanes(tile.out + row * tile.outStep + b * tile.outBlock,
                 ends.relu ? choose(sum > 0, sum, Lanes{}) : sum);
    }
  }
}

// The same for a number of blocks known only now, at most tileBlocks.
template <bool unitStep>
void multiplyTile(int64_t blocks, const Tile& tile, const Piece* pieces, int64_t count,
                  int64_t length, const Ends& ends) {
  switch (blocks) {
    case 1:
      return multiplyTile<1, unitStep>(tile, pieces, count, length, ends);
    case 2:
      return multiplyTile<2, unitStep>(tile, pieces, count, length, ends);
    default:
      return multiplyTile<3, unitStep>(tile, pieces, count, length, ends);
  }
}

// How many of the `left` blocks a tile takes: threes, and twos where a single one would be left.
inline int64_t blocksAtOnce(int64_t left) {
  if (left == 4) return 2;
  return left < 3 ? left : 3;
}

}  // namespace alexnet
