// Matrices as NumPy has them: by rows, by columns, and parts of larger ones.

namespace {

struct Matrix {
    float* data;
    npy_intp rows, columns;
    npy_intp row_step, column_step;  // from a number to the next row's, and to the next column's

    Matrix transposed() const { return {data, columns, rows, column_step, row_step}; }
    Matrix panel(npy_intp first, npy_intp count) const {
        return {data + first * row_step, count, columns, row_step, column_step};
    }
    Matrix columns_of(npy_intp first, npy_intp count) const {
        return transposed().panel(first, count).transposed();
    }
    // Whether each row lies in one piece and after the one before, as BLAS takes a matrix.
    bool has_whole_rows() const {
        return column_step == 1 && row_step >= std::max(columns, (npy_intp)1) &&
               row_step <= INT_MAX;
    }
    bool has_whole_lines() const { return has_whole_rows() || transposed().has_whole_rows(); }
};

// NumPy's steps along axes of no or one number mean nothing; BLAS insists on sound ones.
Matrix with_sound_steps(Matrix m) {
    if (m.rows * m.columns <= 1) m.row_step = std::max(m.columns, (npy_intp)1), m.column_step = 1;
    else if (m.rows == 1) m.row_step = m.column_step == 1 ? m.columns : 1;
    else if (m.columns == 1) m.column_step = m.row_step == 1 ? m.rows : 1;
    return m;
}

}  // namespace
