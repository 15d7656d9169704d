//! Reads files as people send them: built here byte by byte, read through the public interface.

mod delimited;
mod headings;
mod hostile;
mod parquet_files;
mod support;
mod workbook;
mod writers;
