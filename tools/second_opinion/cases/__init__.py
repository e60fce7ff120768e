"""What is deployed, published and asked, in the same order in both places.

To ask something else too, add a step to a case. A step either publishes a document or makes a
request; its `status` is what AWS answers by its documentation, or by what others measured there,
and both places must agree on that too: two wrong answers that are alike would prove nothing.
"""

from second_opinion.cases.article import ARTICLE
from second_opinion.cases.cors import CORS
from second_opinion.cases.gzip_stored import GZIP_STORED
from second_opinion.cases.mask import MASK
from second_opinion.cases.production import PRODUCTION

CASES = (ARTICLE, PRODUCTION, CORS, MASK, GZIP_STORED)
