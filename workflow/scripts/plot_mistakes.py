"""Draw every misread test image with the network's probability."""

from workflow.lib.job import logged
from workflow.lib import records
from workflow.lib.digits import load_test_images
from workflow.lib.figures import new_figure, save
from workflow.lib.gallery_figure import draw_gallery, gallery_height, mistake_groups

WIDTH = 6.5

with logged(snakemake):
    groups = mistake_groups(
        records.read_csv(snakemake.input.mistakes), load_test_images(snakemake.input.digits)
    )
    figure = new_figure(snakemake.input.style, WIDTH, gallery_height(groups, WIDTH))
    draw_gallery(figure, groups)
    save(figure, *snakemake.output)
