//! Business rules of a destination, run against one passport and explained.
