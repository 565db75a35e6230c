"""What the Makefile runs beside the product: generated parts of the chart, images, a release."""
