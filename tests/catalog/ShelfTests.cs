using System.Text.Json;
using System.Xml.Linq;
using CsCheck;

namespace DaprShop.Catalog.Tests;

public sealed class ShelfTests
{
    [Fact]
    public void Products_and_stock_may_come_in_any_order_and_more_than_once()
    {
        var news = Enumerable.Range(1, 4).Select(version => (object)Samples.Product(0, $"name {version}", version: version))
            .Concat(Enumerable.Range(1, 4).Select(version => (object)new StockLevel("p-0", version, version * 10))).ToArray();
        Gen.Shuffle(news.Concat(news).ToArray()).Sample(order =>
        {
            var shelf = new Shelf();
            foreach (var item in order)
            {
                if (item is Product product) shelf.Put([product]);
                else shelf.Put([(StockLevel)item]);
            }
            Assert.Equal("name 4", shelf.Find("p-0")!.Product.Name);
            Assert.Equal(40, shelf.Find("p-0")!.Available);
            Assert.Equal("name 4", Assert.Single(shelf.Search(new ProductQuery("name")).Items).Product.Name);
        });
    }

    [Fact]
    public void A_deleted_product_is_gone_but_its_id_is_known()
    {
        var shelf = new Shelf();
        shelf.Put([Samples.Product(0, "kettle"), Samples.Product(1, "lamp")]);
        shelf.Put([Samples.Product(0, "kettle", version: 2, deleted: true)]);
        Assert.Null(shelf.Find("p-0"));
        Assert.True(shelf.Knows("p-0"));
        Assert.Equal(1, shelf.Search(ProductQuery.Default).Total);
        Assert.Equal(0, shelf.Search(new ProductQuery("kettle")).Total);
    }

    [Fact]
    public void In_stock_follows_the_stock()
    {
        var shelf = new Shelf();
        shelf.Put([Samples.Product(0, "kettle"), Samples.Product(1, "lamp")]);
        Assert.Empty(shelf.Search(new ProductQuery(InStock: true)).Items);
        shelf.Put([new StockLevel("p-1", 1, 3)]);
        Assert.Equal("p-1", Assert.Single(shelf.Search(new ProductQuery(InStock: true)).Items).Product.Id);
    }

    [Fact]
    public void The_json_is_the_public_product()
    {
        var json = JsonDocument.Parse(new ShelfItem(Samples.Product(7, "Café \"x\" </script>"), 3).Json).RootElement;
        Assert.Equal(
            ["id", "name", "description", "category", "price", "imageUrl", "available"],
            json.EnumerateObject().Select(property => property.Name));
        Assert.Equal("Café \"x\" </script>", json.GetProperty("name").GetString());
        Assert.Equal(1000, json.GetProperty("price").GetProperty("amount").GetInt64());
        Assert.Equal("/api/catalog/products/p-7/image", json.GetProperty("imageUrl").GetString());
        Assert.Equal(3, json.GetProperty("available").GetInt32());
    }

    [Fact]
    public void Pictures_are_well_formed_whatever_the_name() => Gen.String[1, 120]
        .Where(name => !name.Any(char.IsControl))
        .Sample(name =>
        {
            var picture = ProductPicture.Draw(Samples.Product(1, name));
            Assert.Equal(picture, ProductPicture.Draw(Samples.Product(1, name)));
            Assert.Equal("svg", XDocument.Parse(picture).Root!.Name.LocalName);
        });

    [Theory]
    [InlineData("a\uFFFEb")]
    [InlineData("\uFFFF")]
    [InlineData("\u0001")]
    [InlineData("\uD800 alone")]
    [InlineData("\U0001F600 \U0001FFFE")]
    public void Pictures_are_well_formed_whatever_the_characters(string name) =>
        Assert.Equal("svg", XDocument.Parse(ProductPicture.Draw(Samples.Product(1, name))).Root!.Name.LocalName);

    [Fact]
    public void A_name_cannot_smuggle_markup_into_the_picture() =>
        Assert.DoesNotContain("<script", ProductPicture.Draw(Samples.Product(1, "<script>alert(1)</script>\" onload=\"x")));

    [Theory]
    [InlineData("Chef's Knife 20 cm", "chefs-knife-20-cm")]
    [InlineData("Crème brûlée set", "creme-brulee-set")]
    [InlineData("  -- ", "")]
    [InlineData("Чайник", "")]
    public void Names_become_slugs(string name, string slug) => Assert.Equal(slug, Slug.From(name));

    [Fact]
    public void Slugs_made_of_names_are_valid() =>
        Gen.String.Select(Slug.From).Where(slug => slug.Length > 0).Sample(slug => Assert.True(Slug.IsValid(slug)));

    [Theory]
    [InlineData("kettle-01", true)]
    [InlineData("", false)]
    [InlineData("-a", false)]
    [InlineData("a-", false)]
    [InlineData("a--b", false)]
    [InlineData("A", false)]
    [InlineData("a||b", false)]
    [InlineData("a/b", false)]
    public void Slugs_are_checked(string slug, bool valid) => Assert.Equal(valid, Slug.IsValid(slug));

    [Theory]
    [InlineData("\"3.41\"", true)]
    [InlineData("W/\"3.12\"", true)]
    [InlineData("\"3\"", true)]
    [InlineData("*", true)]
    [InlineData("\"2.41\", \"3.0\"", true)]
    [InlineData("\"2.3\"", false)]
    [InlineData("3", false)]
    [InlineData("\"33.1\"", false)]
    [InlineData("\"3", false)]
    [InlineData("\"", false)]
    [InlineData("\"\"3\"\"", false)]
    [InlineData("\"3,3\"", false)]
    public void If_match_is_about_the_version(string header, bool matches) => Assert.Equal(matches, ETags.IsMatch(header, 3));
}
