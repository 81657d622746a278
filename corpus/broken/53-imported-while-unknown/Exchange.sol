// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LimitBook, Order} from "./LimitBook.sol";

/// @notice The new exchange. It keeps live orders only: storage of those that are done is freed.
contract Exchange {
    using SafeERC20 for IERC20;

    LimitBook public immutable BOOK;
    mapping(uint256 id => Order) private _orders;
    /// @notice Far above the ids of the old book, which imported orders keep.
    uint256 public nextId = 1_000_000;

    event Placed(uint256 indexed id, address indexed maker);
    event Imported(uint256 indexed id, address indexed maker);
    event Filled(uint256 indexed id, address indexed taker, address recipient);
    event Cancelled(uint256 indexed id);

    error NotLive(uint256 id);
    error NotMaker(uint256 id);

    constructor(LimitBook book) {
        BOOK = book;
    }

    function orderOf(uint256 id) external view returns (Order memory) {
        return _orders[id];
    }

    function place(IERC20 sell, uint256 sellAmount, IERC20 buy, uint256 buyAmount) external returns (uint256 id) {
        id = nextId++;
        _orders[id] = Order(msg.sender, sell, buy, sellAmount, buyAmount);
        emit Placed(id, msg.sender);
        sell.safeTransferFrom(msg.sender, address(this), sellAmount);
    }

    function fillTo(uint256 id, address recipient) external {
        Order memory order = _take(id);
        emit Filled(id, msg.sender, recipient);
        order.buy.safeTransferFrom(msg.sender, order.maker, order.buyAmount);
        order.sell.safeTransfer(recipient, order.sellAmount);
    }

    function cancel(uint256 id) external {
        if (_orders[id].maker != msg.sender) revert NotMaker(id);
        Order memory order = _take(id);
        emit Cancelled(id);
        order.sell.safeTransfer(msg.sender, order.sellAmount);
    }

    /// @notice Takes orders over from the closed book, each with its escrow. Anybody does it, so that no order waits
    /// for the operator; what was imported is skipped, so a batch is safe to send again.
    function importOrders(uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; i++) {
            uint256 id = ids[i];
            if (_orders[id].maker != address(0)) continue;
            if (BOOK.stateOf(id) != LimitBook.State.Open) continue;
            Order memory order = BOOK.orderOf(id);
            _orders[id] = order;
            emit Imported(id, order.maker);
            BOOK.release(order.sell, order.sellAmount);
        }
    }

    function _take(uint256 id) private returns (Order memory order) {
        order = _orders[id];
        if (order.maker == address(0)) revert NotLive(id);
        delete _orders[id];
    }
}
