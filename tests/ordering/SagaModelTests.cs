using CsCheck;
using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering.Tests;

/// <summary>
/// Any sequence of calls, lost and late replies, cancels, dispatches, deadlines and crashes, against a model of the participants by the
/// rules of contracts/internal-api.md: idempotent by order id, and whatever is undone leaves a tombstone.
/// </summary>
public class SagaModelTests
{
    private const int Total = 6199;

    [Fact]
    public void Stock_and_money_are_right_at_every_instant_and_every_order_reaches_rest() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 9].Array[0, 60]).Sample((refusals, moves) =>
        {
            var world = new World((Refusal)refusals);
            foreach (var move in moves)
            {
                world.Do((Move)move);
                world.CheckAtEveryInstant();
            }
            world.LetFaultsStop();
            world.CheckAtRest();
        }, iter: 5_000);

    private enum Refusal
    {
        None, OutOfStock, Declined, NoDelivery, Expiry,
    }

    private enum Move
    {
        Step, StepLosingTheReply, StepAnsweredLater, LateReply, RepeatedReply, Cancel, GiveUp, Dispatch, Crash, StaleDriver,
    }

    /// <summary>One order, its driver, and the participants it deals with.</summary>
    private sealed class World(Refusal refusal)
    {
        private readonly List<OrderEvent> _saved = [Some.Event(Submitted)];
        private readonly List<(SagaStep Step, Order As)> _onTheirWay = [];
        private readonly List<OrderEvent> _replies = [];

        private bool _reserved, _committed, _released;
        private bool _authorized, _reversed;
        private int _captured, _refunded, _timesCaptured;
        private bool _created, _dispatched, _shipmentCancelled;

        private Order Order => Ordering.Order.Fold(Some.OrderId, _saved);

        public void Do(Move move)
        {
            var steps = Saga.Next(Order);
            switch (move)
            {
                case Move.Step:
                    foreach (var reply in steps.Select(Ask).ToList()) Learn(reply);
                    break;
                case Move.StepLosingTheReply:
                    foreach (var step in steps) Ask(step);
                    break;
                case Move.StepAnsweredLater:
                    _onTheirWay.AddRange(steps.Select(step => (step, Order)));
                    break;
                case Move.LateReply when _onTheirWay.Count > 0:
                    var (late, _) = _onTheirWay[0];
                    _onTheirWay.RemoveAt(0);
                    Learn(Ask(late));
                    break;
                case Move.RepeatedReply:
                    foreach (var reply in _replies.ToList()) Learn(reply);
                    break;
                case Move.Cancel:
                    Learn(Some.Event(CancelRequested));
                    break;
                case Move.GiveUp when Saga.Deadline(Order, TimeSpan.Zero) is not null:
                    Learn(Saga.GiveUp(Order, Some.Start));
                    break;
                case Move.Dispatch when Order.Has(Confirmed) && _created && !_shipmentCancelled:
                    _dispatched = true;
                    break;
                case Move.Crash:
                    // Nothing but the saved events survives; what is on its way still arrives, and nobody hears the answer.
                    foreach (var (step, _) in _onTheirWay) Ask(step);
                    _onTheirWay.Clear();
                    _replies.Clear();
                    break;
                case Move.StaleDriver when _onTheirWay.Count > 0:
                    // Another replica that has not seen the latest events takes the step it believes to be next.
                    foreach (var step in Saga.Next(_onTheirWay[^1].As)) Learn(Ask(step));
                    break;
            }
        }

        public void CheckAtEveryInstant()
        {
            Assert.InRange(_captured - _refunded, 0, Total);
            Assert.True(_timesCaptured <= 1);
            Assert.False(_committed && _released, "released stock stays released");
            if (Order.Status == OrderStatus.Confirmed || Order.Status == OrderStatus.Shipped)
                Assert.True(_committed && _captured - _refunded == Total && _created && !_shipmentCancelled);
            if (Order.Status is OrderStatus.Rejected or OrderStatus.Cancelled) CheckNothingHeld();
        }

        public void LetFaultsStop()
        {
            for (var steps = 0; Saga.Next(Order).Count > 0; steps++)
            {
                Assert.True(steps < 20, $"no rest in sight: {Order.Status}");
                Do(Move.Step);
            }
            while (_onTheirWay.Count > 0) Do(Move.LateReply);
        }

        public void CheckAtRest()
        {
            Assert.True(Order.Status.IsRest());
            CheckAtEveryInstant();
            if (Order.Status == OrderStatus.Rejected) Assert.NotNull(Order.Reason);
            if (_dispatched) Assert.True(Order.Status is OrderStatus.Confirmed or OrderStatus.Shipped);
        }

        private void CheckNothingHeld()
        {
            Assert.False(_reserved || _committed, "stock is held");
            Assert.False(_authorized, "an authorisation is held");
            Assert.Equal(0, _captured - _refunded);
            Assert.False(_created && !_shipmentCancelled, "a shipment is held");
        }

        private void Learn(OrderEvent? outcome)
        {
            if (outcome is null) return;
            _replies.Add(outcome);
            _saved.AddRange(Order.Learn(outcome));
        }

        private OrderEvent? Ask(SagaStep step) => step switch
        {
            SagaStep.ReserveStock => Reserve(),
            SagaStep.CommitStock => Commit(),
            SagaStep.ReleaseStock => Release(),
            SagaStep.AuthorizePayment => Authorize(),
            SagaStep.CapturePayment => Capture(),
            SagaStep.ReversePayment => Reverse(),
            SagaStep.CreateShipment => Create(),
            SagaStep.CancelShipment => CancelShipment(),
            _ => throw new ArgumentOutOfRangeException(nameof(step)),
        };

        private OrderEvent Reserve()
        {
            if (_released) return Some.Event(StepFailed, RejectReason.DeadlineExceeded);
            if (refusal == Refusal.OutOfStock) return Some.Event(StockRefused, RejectReason.OutOfStock);
            _reserved = !_committed;
            return Some.Event(StockReserved);
        }

        private OrderEvent Commit()
        {
            if (_released || refusal == Refusal.Expiry) return Some.Event(StepFailed, RejectReason.DeadlineExceeded);
            (_reserved, _committed) = (false, true);
            return Some.Event(StockCommitted);
        }

        private OrderEvent Release()
        {
            (_reserved, _committed, _released) = (false, false, true);
            return Some.Event(StockReleased);
        }

        private OrderEvent Authorize()
        {
            if (_reversed) return Some.Event(StepFailed, RejectReason.PaymentUnavailable);
            if (refusal == Refusal.Declined) return Some.Event(PaymentDeclined, RejectReason.PaymentDeclined);
            _authorized = _captured == 0;
            return Some.Event(PaymentAuthorized);
        }

        private OrderEvent Capture()
        {
            if (_reversed) return Some.Event(StepFailed, RejectReason.PaymentUnavailable);
            Assert.True(_authorized || _captured == Total, "captured without authorisation");
            if (_captured == 0) _timesCaptured++;
            (_authorized, _captured) = (false, Total);
            return Some.Event(PaymentCaptured);
        }

        private OrderEvent Reverse()
        {
            (_authorized, _refunded, _reversed) = (false, _captured, true);
            return Some.Event(PaymentReversed);
        }

        private OrderEvent Create()
        {
            if (_shipmentCancelled) return Some.Event(StepFailed, RejectReason.ShippingUnavailable);
            if (refusal == Refusal.NoDelivery) return Some.Event(ShipmentRefused, RejectReason.ShippingUnavailable);
            _created = true;
            return Some.Event(ShipmentCreated);
        }

        private OrderEvent CancelShipment()
        {
            if (_dispatched) return Some.Event(CancelRefused);
            _shipmentCancelled = true;
            return Some.Event(ShipmentCancelled);
        }
    }
}
