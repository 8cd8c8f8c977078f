"""Draw every misread test image with the network's probability."""

from provenance.job import job
from homework.dataset import load_test_images
from homework.figures.gallery import draw_gallery, gallery_height, mistake_groups
from provenance import records
from provenance.document.figures import new_figure, save

WIDTH = 6.5

with job(snakemake):
    groups = mistake_groups(
        records.read_csv(snakemake.input.mistakes), load_test_images(snakemake.input.digits)
    )
    figure = new_figure(snakemake.input.style, WIDTH, gallery_height(groups, WIDTH))
    draw_gallery(figure, groups)
    save(figure, *snakemake.output)
