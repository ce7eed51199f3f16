namespace DaprShop.Inventory.Tests;

/// <summary>What is still to tell, and who is due.</summary>
public class StockNewsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly StockNews _news = new();
    private readonly Stock _first = Stock.Untouched(5);

    [Fact]
    public void News_is_the_latest_version_only_and_told_once()
    {
        var second = _first.PutBack(1);
        _news.Saw("a", second);
        _news.Saw("a", _first);
        Assert.Equal([("a", second)], _news.Untold());
        _news.Told(_news.Untold());
        _news.Saw("a", second);
        Assert.Empty(_news.Untold());
    }

    [Fact]
    public void What_changed_while_it_was_told_is_news_again()
    {
        _news.Saw("a", _first);
        var told = _news.Untold();
        var second = _first.PutBack(1);
        _news.Saw("a", second);
        _news.Told(told);
        Assert.Equal([("a", second)], _news.Untold());
    }

    [Fact]
    public void A_product_nobody_knows_is_no_news()
    {
        _news.Saw("a", Stock.Unknown);
        Assert.Empty(_news.Untold());
    }

    [Fact]
    public void Who_holds_something_is_due_when_its_time_is_up_and_until_it_is_freed()
    {
        var held = _first.Hold("order", new Reservation(1, s_now));
        _news.Saw("a", held);
        Assert.Empty(_news.Expired(s_now.AddTicks(-1)));
        Assert.Equal(["a"], _news.Expired(s_now));
        _news.Saw("a", held.Expire(s_now));
        Assert.Empty(_news.Expired(s_now));
    }
}
